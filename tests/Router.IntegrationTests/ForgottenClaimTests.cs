using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The number of a retry isn't flushed to disk: Postgres may forget it while the request is under way.</summary>
public sealed class ForgottenClaimTests(TestServers servers)
{
    [Fact]
    public async Task Retry_WhoseNumberWasForgottenInACrash_CountsAndGoesOn()
    {
        await using var router = await RouterFixture.Start(
            servers, workers: 1, ("Delivery:RetrySchedule", "00:00:00.2,00:00:00.2"), ("Delivery:RetryJitter", "0"));
        var site = await router.CreateSite();
        var isThere = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        router.Receiver.Answer(site.LeadManager.Path, async (http, request) =>
        {
            if (request.Attempt == 2)
            {
                isThere.TrySetResult();
                await release.Task;
            }

            http.Response.StatusCode = request.Attempt < 3 ? 500 : 200;
        });

        await site.PostLead();
        await isThere.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        // What a crash leaves: the row as it was before the claim, leased to the queue.
        Assert.Equal(1, await router.Query<int>(
            "with u as (update deliveries set attempts = 1, leased_until = now() + interval '5 minutes' "
            + "where destination_id = @Id and attempts = 2 returning 1) select count(*)::int from u",
            new { site.LeadManager.Id }));
        release.SetResult();

        await site.Delivery(site.LeadManager, "delivered");
        Assert.Equal([1, 2, 3], router.Receiver.At(site.LeadManager.Path).Select(request => request.Attempt));
        Assert.Equal("1,2,3", await router.Query<string>(
            "select string_agg(attempt::text, ',' order by attempt) from attempts where destination_id = @Id",
            new { site.LeadManager.Id }));
        await site.AssertAccountedFor(1);
    }
}
