using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The line between APIs and the broker breaks, so that both ends notice, or falls silent, so that they must find out.</summary>
public sealed class ApiLineTests(TestServers servers)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Line_BreaksUnderApis_EachConnectsAnew(bool silently)
    {
        await using var line = new TcpProxy(servers.Broker.Amqp);
        var amqp = await servers.Broker.CreateVirtualHost();
        await using var router = await RouterFixture.Start(await servers.CreateDatabase(), amqp, servers.Broker, workers: 0);
        router.Settings["RabbitMq:Uri"] = line.Url(amqp);
        var hosts = Enumerable.Range(0, 4).Select(_ => router.Host("Router.Api")).ToList();
        foreach (var host in hosts)
            await host.Ready();
        await Eventually.True(() => All(hosts, "Healthy"), "each is connected");

        if (silently)
            line.Silence();
        else
            line.Cut();
        await Eventually.True(() => All(hosts, "Degraded"), "each has noticed", seconds: 60);
        // One that is started now waits for the line, too.
        hosts.Add(await router.Host("Router.Api").Ready());
        line.Fix();

        await Eventually.True(() => All(hosts, "Healthy"), "each is connected again", seconds: 90);
    }

    private static async Task<bool> All(List<TestHost> hosts, string broker)
    {
        using var http = new HttpClient();
        var states = await Task.WhenAll(hosts.Select(async host =>
        {
            using var response = await http.GetAsync(new Uri(host.Url, "/health/ready"));
            return await response.Content.ReadAsStringAsync();
        }));
        return states.All(state => state.Contains($"\"rabbitmq\":\"{broker}\"", StringComparison.Ordinal));
    }
}
