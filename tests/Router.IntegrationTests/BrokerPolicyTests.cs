using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Whatever the broker's keeper sets for the router's queues, nothing that was accepted is dropped, and it is told.</summary>
public sealed class BrokerPolicyTests(TestServers servers)
{
    [Fact]
    public async Task Policies_OfTheBrokersKeeper_LoseNothingAndAreTold()
    {
        await using var router = await RouterFixture.StartProcesses(servers);
        var site = await router.CreateSite();
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        await router.Workers[0].Stop();

        // What waits for longer than a second leaves the queue, and comes back.
        await router.Broker.SetPolicy(
            router.VirtualHost, "second", "^lead-", new Dictionary<string, object>(StringComparer.Ordinal) { ["message-ttl"] = 1000 });
        await Accept(site, 5);
        await Eventually.True(
            () => router.Output.Contains("they are published again", StringComparison.Ordinal), "expired leads are published again");
        await router.Broker.ClearPolicy(router.VirtualHost, "second");

        // The queue takes five, and what is beyond them is confirmed to nobody.
        await router.Broker.SetPolicy(
            router.VirtualHost, "five", "^lead-", new Dictionary<string, object>(StringComparer.Ordinal) { ["max-length"] = 5 });
        await Accept(site, 100);
        await Eventually.True(
            () => router.Output.Contains("sets max-length to 5 on lead-events", StringComparison.Ordinal), "the log says so");
        using var http = new HttpClient();
        var health = await http.GetFromJsonAsync<JsonElement>(new Uri(router.Api.Url, "/health/ready"));
        Assert.Equal("Degraded", health.GetProperty("checks").GetProperty("queues").GetString());
        Assert.Equal("Degraded", health.GetProperty("checks").GetProperty("outbox").GetString());
        using var @operator = new Browserless(router.Api.Url);
        await @operator.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        Assert.Contains("sets max-length to 5 on lead-events", (await @operator.Get("/operator")).Text, StringComparison.Ordinal);
        await router.Broker.ClearPolicy(router.VirtualHost, "five");
        await Eventually.True(async () =>
            await router.Query<long>("select count(*) from lead_outbox") == 0, "the outbox is empty once the queue takes them",
            seconds: 60);

        // Two redeliveries are one too many: each of these workers dies with leads in its hands.
        await router.Broker.SetPolicy(
            router.VirtualHost, "limit", "^lead-", new Dictionary<string, object>(StringComparer.Ordinal) { ["delivery-limit"] = 1 });
        router.Receiver.Answer(site.LeadManager.Path, (_, _) => Task.Delay(Timeout.Infinite));
        for (var i = 0; i < 3; i++)
        {
            var before = router.Receiver.At(site.LeadManager.Path).Count;
            var worker = await router.Host("Router.Worker").Ready();
            await Eventually.True(() => router.Receiver.At(site.LeadManager.Path).Count > before, "it has leads in hand");
            await worker.Kill();
        }

        router.Receiver.Answer(site.LeadManager.Path, 200);
        await router.Host("Router.Worker").Ready();
        await Eventually.True(
            async () => await router.Query<long>(
                "select count(*) from deliveries where site_id = @Id and state = 'delivered'", new { site.Id }) == 106,
            "everything that was accepted is delivered", seconds: 120);
        await site.AssertAccountedFor(106);
    }

    [Theory]
    [InlineData("message-ttl", 86_400_000, "leads that the API has not taken from it within so many milliseconds are LOST")]
    [InlineData("overflow", "drop-head", "a full queue drops its oldest leads: they are LOST")]
    [InlineData("delivery-limit", 20, "leads that the API gave back so often are LOST")]
    public async Task Policy_OnTheQueueThatNothingIsBehind_IsToldAsLoss(string setting, object value, string words)
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        await router.Broker.SetPolicy(
            router.VirtualHost, "all", ".*", new Dictionary<string, object>(StringComparer.Ordinal) { [setting] = value });
        await Eventually.True(() =>
            router.Output.Contains($"sets {setting} to {value} on returned-leads: {words}", StringComparison.Ordinal), "the log says so");
        using var http = new HttpClient();
        var health = await http.GetFromJsonAsync<JsonElement>(new Uri(router.Api.Url, "/health/ready"));
        Assert.Contains("LOST", health.GetProperty("details").GetProperty("queues").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Queue_DeletedOrOfAnotherKind_IsToldAndLeadsArriveOnceItIsRight()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite();
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");

        // The broker cancels its consumers.
        await router.Broker.DeleteQueue(router.VirtualHost, "lead-events");
        await Accept(site, 5);
        await Eventually.True(() => router.Receiver.At(site.LeadManager.Path).Count == 6, "they arrive", seconds: 90);

        // Made by somebody's hand, as a classic queue: RabbitMQ refuses to take it for a quorum queue.
        foreach (var worker in router.Workers)
            await worker.Stop();
        await router.Api.Stop();
        await router.Broker.DeleteQueue(router.VirtualHost, "lead-events");
        await router.Broker.DeclareQueue(
            router.VirtualHost, "lead-events", new Dictionary<string, string>(StringComparer.Ordinal) { ["x-queue-type"] = "classic" });
        var api = router.Host("Router.Api");
        var deaf = router.Host("Router.Worker");
        await api.Ready();
        using var response = await TestSite.UntilTaken(() => site.Post(
            """{"source":"s","email":"a@b.c"}""", change: request =>
                request.RequestUri = new Uri(api.Url, request.RequestUri!.PathAndQuery)));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        await Eventually.True(() =>
            router.Output.Contains("inequivalent arg 'x-queue-type'", StringComparison.Ordinal), "the log has RabbitMQ's own sentence");
        using var http = new HttpClient();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync(new Uri(deaf.Url, "/health/ready"))).StatusCode);

        await router.Broker.DeleteQueue(router.VirtualHost, "lead-events");
        await Eventually.True(() => router.Receiver.At(site.LeadManager.Path).Count == 7, "it arrives", seconds: 90);
        await deaf.Ready();
    }

    private static async Task Accept(TestSite site, int count)
    {
        for (var i = 0; i < count;)
        {
            using var response = await site.Post("""{"source":"s","email":"a@b.c"}""");
            // As senders do: a 503 is tried again.
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
            {
                Assert.Equal(HttpStatusCode.Created, response.StatusCode);
                i++;
            }
        }
    }
}
