using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// The line between workers and the broker breaks, so that both ends notice, or falls silent, so that they must find out.
/// </summary>
public sealed class WorkerLineTests(TestServers servers)
{
    private const int Workers = 4;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Line_BreaksUnderWorkers_AllComeBackByThemselvesAndNothingComesTwice(bool silently)
    {
        await using var line = new TcpProxy(servers.Broker.Amqp);
        var amqp = await servers.Broker.CreateVirtualHost();
        // A busy machine must not make two requests of the one that is in flight.
        await using var router = await RouterFixture.Start(
            await servers.CreateDatabase(), amqp, servers.Broker, workers: 0, ("Delivery:RequestTimeout", "00:00:30"),
            ("Delivery:Lease", "00:00:40"));
        router.Settings["RabbitMq:Uri"] = line.Url(amqp);
        // Each must come back: one in ten never tried to with an older library, and the others would have hidden that.
        foreach (var worker in Enumerable.Range(0, Workers).Select(_ => router.Host("Router.Worker")).ToList())
            await worker.Ready();
        var site = await router.CreateSite();
        using var release = new CancellationTokenSource();
        router.Receiver.Answer(
            site.LeadManager.Path, (_, _) => Task.Delay(Timeout.Infinite, release.Token).ContinueWith(_ => { }, TaskScheduler.Default));
        // One that is in flight when it happens, so that its acknowledgement has nowhere to go.
        await site.PostLead();
        await router.Receiver.Wait(site.LeadManager.Path, 1);

        var connections = line.Accepted;
        if (silently)
            line.Silence();
        else
            line.Cut();
        await release.CancelAsync();
        await Parallel.ForAsync(0, 20, async (_, _) => await site.PostLead());
        await Eventually.Equal(1, () => Delivered(router, site), "what was in flight is recorded");
        // The line accepts connections, too, and then nothing comes.
        if (silently)
            await Eventually.True(() => line.Accepted >= connections + Workers, "each has tried to connect anew", seconds: 60);
        line.Fix();

        // Some heartbeats must fail on a silent line.
        await Eventually.Equal(21, () => Delivered(router, site), "everything is delivered", seconds: 90);
        await Eventually.Equal(
            (Workers, Workers, Workers, Workers), () => Consumers(router), "every worker consumes all queues", seconds: 90);
        Assert.Empty(router.Receiver.At(site.LeadManager.Path).GroupBy(request => request.MessageId).Where(same => same.Count() > 1)
            .Select(same => $"{same.Key}: " + string.Join(", ", same.Select(one => $"attempt {one.Attempt} at {one.At:HH:mm:ss.fff}"))));
        Assert.Equal(21, router.Receiver.At(site.LeadManager.Path).Count);
        await site.AssertAccountedFor(events: 21);
    }

    private static async Task<(int Events, int Fresh, int Large, int Retries)> Consumers(RouterFixture router)
    {
        var queues = await router.Broker.Queues(router.VirtualHost);
        // The broker may have counted none yet.
        int Of(string queue) => queues.EnumerateArray().Single(each => each.GetProperty("name").GetString() == queue)
            .TryGetProperty("consumers", out var consumers) ? consumers.GetInt32() : 0;
        return (Of("lead-events"), Of("lead-events-fresh"), Of("lead-events-large"), Of("lead-retries"));
    }

    private static Task<long> Delivered(RouterFixture router, TestSite site) =>
        router.Query<long>("select count(*) from deliveries where site_id = @Id and state = 'delivered'", new { site.Id });
}
