using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Core.Leads;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A cluster of three RabbitMQ nodes, which hosts reach by TLS, loses one after the other while leads come in.</summary>
public sealed class BrokerClusterTests(TestServers servers)
{
    private const string RetryQueue = "lead-retries";
    private const string DeadLetters = "lead-dead-letters";

    [Fact]
    public async Task Leader_CutOffAndThenAnotherKilled_NoLeadIsRefusedOrLost()
    {
        await using var cluster = await BrokerCluster.Start(withTls: true);
        var amqp = await cluster.CreateVirtualHost();
        // Made when there were two nodes.
        await cluster.Nodes[0].Broker.DeclareQueue(amqp.Split('/')[^1], DeadLetters, new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["x-queue-type"] = "quorum", ["x-quorum-initial-group-size"] = 2,
        });
        await using var router = await RouterFixture.StartProcesses(
            await servers.CreateDatabase(), amqp, cluster.Nodes[0].Broker, workers: 1,
            ("RabbitMq:ManagementUri", cluster.Management), ("Incoming:ConfirmTimeout", "00:00:00.5"), ("SSL_CERT_FILE", cluster.Authority),
            // Nothing of Postgres is tried here: that the machine is busy is no reason to refuse a lead.
            ("Outbox:CommitTimeout", "00:00:10"), ("Order:Timeout", "00:00:10"));
        var site = await router.CreateSite();
        await cluster.Whole(router.VirtualHost, LeadEvent.QueueName, RetryQueue);
        var sent = 0;
        using var over = new CancellationTokenSource();
        var load = Task.Run(async () =>
        {
            for (; !over.IsCancellationRequested; sent++)
            {
                using var answer = await site.Post("""{"source":"test","email":"jack@mail.test"}""");
                Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
                await Task.Delay(20);
            }
        });

        // What is delivered from now on has come by way of the others.
        async Task GoesOn()
        {
            var before = sent;
            await Eventually.True(
                () => router.Receiver.At(site.LeadManager.Path).Count > before + 30 || load.IsFaulted, "leads are delivered");
        }

        await GoesOn();
        await Eventually.True(
            async () => (await Health(router)).Contains("has 2 of 3 copies", StringComparison.Ordinal), "operators hear of too few copies");
        var members = (await cluster.Queue(router.VirtualHost, DeadLetters))!.Value.GetProperty("members").EnumerateArray();
        await cluster.Nodes.Single(node => members.All(member => member.GetString() != node.Name)).Grow(router.VirtualHost, DeadLetters);

        var cut = await cluster.Leader(router.VirtualHost, LeadEvent.QueueName);
        await cut.Cut();
        await GoesOn();
        await Eventually.True(
            async () => (await Health(router)).Contains("of its 3 copies", StringComparison.Ordinal), "operators hear of it");
        await cut.Mend();
        await cluster.Whole(router.VirtualHost, LeadEvent.QueueName, RetryQueue);
        await Eventually.True(
            async () => !(await Health(router)).Contains("copies", StringComparison.Ordinal), "operators hear that it is over");

        var killed = await cluster.Leader(router.VirtualHost, LeadEvent.QueueName);
        Assert.NotEqual(cut.Name, killed.Name);
        await killed.Kill();
        await GoesOn();
        await over.CancelAsync();
        await load;
        await Eventually.Equal(
            sent, () => router.Query<int>("select count(distinct event_id)::int from deliveries where state = 'delivered'"), "all arrive");
        await site.AssertAccountedFor(events: sent);
        await killed.Start();
    }

    private static async Task<string> Health(RouterFixture router)
    {
        using var answer = await router.Admin.GetAsync("/health/ready");
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetRawText();
    }
}
