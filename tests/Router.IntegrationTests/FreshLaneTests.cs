using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Fresh leads beside a backlog that waits in RabbitMQ.</summary>
public sealed class FreshLaneTests(TestServers servers)
{
    private const int Backlog = 1100;
    private const string Past = "fresh ones go past them";

    [Fact]
    public async Task FreshLead_WhileWorkersCatchUp_GoesPastTheBacklog()
    {
        await using var router = await RouterFixture.Start(
            servers, workers: 0, ("Delivery:Concurrency", "4"), ("Delivery:BacklogConcurrency", "2"));
        var site = await router.CreateSite();
        var slow = true;
        router.Receiver.Answer(site.LeadManager.Path, async (_, lead) =>
        {
            if (slow && lead.Json.GetProperty("notes").GetString() == "old")
                await Task.Delay(100);
        });

        // Without a worker nothing would take what goes another way: it all waits in one queue.
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            for (var i = 0; i < Backlog / 10; i++)
                await site.PostLead("old");
        }));
        await Task.Delay(600, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(Past, router.Output, StringComparison.Ordinal);

        var worker = await router.Host("Router.Worker").Ready();
        await Eventually.True(() => router.Output.Contains(Past, StringComparison.Ordinal), "the API has noticed a backlog");
        var fresh = await site.PostLead("fresh");
        await Eventually.True(
            () => router.Receiver.All.Any(lead => lead.Json.GetProperty("id").GetString() == fresh), "the fresh lead arrives");
        Assert.InRange(router.Receiver.At(site.LeadManager.Path).Count, 1, Backlog / 2);

        // A worker that is stopped now ends what it has begun; what waits for its turn goes back without a fuss.
        var posted = Backlog + 1;
        // Long enough that what it had in hand before is done, and the next ones wait.
        for (var until = TimeProvider.System.GetUtcNow().AddMilliseconds(500); TimeProvider.System.GetUtcNow() < until; posted++)
            await site.PostLead("fresh");
        var stopped = worker.Stop();
        for (; !stopped.IsCompleted; posted++)
            await site.PostLead("fresh");
        Assert.Equal(0, await stopped);
        Assert.DoesNotContain("R-FAULT", router.Output, StringComparison.Ordinal);
        await router.AssertNothingPutAside();
        Assert.Equal(0, await router.Query<long>("select count(*) from lead_events e where destinations is not null "
            + "and not exists (select from deliveries d where d.event_id = e.id)"));

        slow = false;
        await router.Host("Router.Worker").Ready();
        await router.Receiver.Wait(site.LeadManager.Path, posted);
        await Eventually.True(() =>
            router.Output.Contains("The backlog in lead-events is gone", StringComparison.Ordinal), "the API has noticed that it is over");
        await site.PostLead("later");
        await router.Receiver.Wait(site.LeadManager.Path, posted + 1);
        Assert.Equal(posted + 1, router.Receiver.At(site.LeadManager.Path).Select(lead => lead.MessageId).Distinct().Count());
        await site.AssertAccountedFor(posted + 1);
    }

    [Fact]
    public async Task FreshLane_WhatNobodyUnderstands_IsSetAsideAsAnEvent()
    {
        await using var router = await RouterFixture.Start(servers);
        await router.Broker.Publish(router.VirtualHost, "lead-events-fresh", "{\"event_id\": \"not a lead event\"}");

        await Eventually.Equal(
            1, () => router.Query<long>("select count(*) from set_aside where queue = 'lead-events'"), "it is set aside");
    }
}
