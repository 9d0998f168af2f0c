using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Tables that can't be found while both servers are well: a restore is under way, or somebody moved a schema.</summary>
public sealed class MovedSchemaTests(TestServers servers)
{
    [Fact]
    public async Task Schema_MovedAwayAndBack_CostsNoLeadAndNoSenderHears500()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite(asLeadManager: true);
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");

        await using var database = await router.OpenDatabase();
        await database.ExecuteAsync("alter schema public rename to elsewhere");
        var stranger = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("never-seen:before")));
        for (var i = 0; i < 20; i++)
        {
            await site.PostLead();
            using var unknown = await site.Post(
                """{"source":"s","email":"a@b.c"}""", change: request => request.Headers.Authorization = stranger);
            await AssertLater(unknown);
            foreach (var (method, path) in new[
                ] { (HttpMethod.Get, "/users"), (HttpMethod.Put, "/users/1"), (HttpMethod.Delete, "/users/1") })
            {
                using var users = await site.Send(method, path, method == HttpMethod.Put ? """{"name":"Ben"}""" : null);
                await AssertLater(users);
            }
        }

        await Eventually.True(() => router.Output.Contains("42P01", StringComparison.Ordinal), "the log says what Postgres answers");
        await database.ExecuteAsync("alter schema elsewhere rename to public");
        await Eventually.True(async () =>
            await router.Query<int>("select count(*)::int from deliveries where state = 'delivered'") == 21, "all leads are delivered",
            seconds: 60);
        await router.AssertNothingPutAside();
    }

    private static async Task AssertLater(HttpResponseMessage answer)
    {
        Assert.True(answer.StatusCode == HttpStatusCode.ServiceUnavailable,
            $"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        Assert.NotNull(answer.Headers.RetryAfter);
    }
}
