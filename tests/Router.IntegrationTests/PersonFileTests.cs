using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The file of a person is whole however much there is, and nobody keeps others from theirs by reading slowly.</summary>
public sealed class PersonFileTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    [Fact]
    public async Task File_OfALeadWithManyAttempts_HoldsEachOfThem()
    {
        var router = shared.Router;
        var site = await router.CreateSite();
        await site.PostLead();
        await site.AddAttempts(site.LeadManager, 120, answer: 16_384);
        // One that has the number of the last that is read with it.
        await router.Query<int>(
            """
            insert into delivery_attempts (event_id, destination_id, site_id, attempt, started_at, duration_us, result)
            select event_id, destination_id, site_id, attempt, started_at - interval '1 ms', 0, 'failed'
            from delivery_attempts where destination_id = @Id and attempt = 50 returning 1
            """, new { site.LeadManager.Id });
        using var response = await Export(router, site, "jack@mail.test", HttpCompletionOption.ResponseContentRead);
        var file = await response.Content.ReadFromJsonAsync<JsonElement>();
        var sent = file.GetProperty("leads")[0].GetProperty("events")[0].GetProperty("sent_to")[0];
        Assert.Equal("delivered", sent.GetProperty("state").GetString());
        var attempts = sent.GetProperty("attempts").EnumerateArray().ToList();
        Assert.Equal(
            Enumerable.Range(1, 121).Append(50).Order(), attempts.Select(attempt => attempt.GetProperty("attempt").GetInt32()));
        Assert.All(attempts.Where(attempt => attempt.TryGetProperty("answer", out _)).Take(120), attempt => Assert.StartsWith(
            $"answer {attempt.GetProperty("attempt")} x", attempt.GetProperty("answer").GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task File_ReadForTooLong_IsBrokenOffAndLetsOthersHaveTheirs()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 1, ("Admin:PersonFileTimeout", "00:00:03"));
        var site = await router.CreateSite();
        await site.PostLead();
        // More than the connection's buffers hold.
        await site.AddAttempts(site.LeadManager, 4_000, answer: 16_384);
        Assert.Equal(HttpStatusCode.Created, (await site.Post("""{"source": "test", "email": "bo@mail.test"}""")).StatusCode);
        using var response = await Export(router, site, "jack@mail.test", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, await Status());

        await using var file = await response.Content.ReadAsStreamAsync();
        // Faster than those whom the server cuts off by itself.
        var cut = await Record.ExceptionAsync(async () =>
        {
            var piece = new byte[16 * 1024];
            while (await file.ReadAsync(piece) > 0)
            {
                if (!router.Output.Contains("A person's file was broken off", StringComparison.Ordinal))
                    await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        });
        Assert.IsAssignableFrom<IOException>(cut);
        await Eventually.True(async () => await Status() is HttpStatusCode.OK, "the next one has its turn");

        async Task<HttpStatusCode> Status()
        {
            using var other = await Export(router, site, "bo@mail.test", HttpCompletionOption.ResponseHeadersRead);
            return other.StatusCode;
        }
    }

    private static Task<HttpResponseMessage> Export(RouterFixture router, TestSite site, string email, HttpCompletionOption option) =>
        router.Admin.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, $"/api/sites/{site.Id}/person/export")
            {
                Content = JsonContent.Create(new { email, reason = "Request 4711" }),
            }, option);
}
