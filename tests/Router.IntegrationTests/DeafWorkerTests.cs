using System.Net;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A broker that refuses a worker for a while: it says so, isn't ready meanwhile, and takes leads again by itself.</summary>
public sealed class DeafWorkerTests(TestServers servers)
{
    private const string Password = "the-workers-own";

    [Fact]
    public async Task Broker_RefusesTheWorkersLogin_TheWorkerComesBackByItself()
    {
        var amqp = await servers.Broker.CreateVirtualHost();
        await using var router = await RouterFixture.Start(await servers.CreateDatabase(), amqp, servers.Broker, workers: 0);
        var (vhost, user) = (router.VirtualHost, $"worker-{Guid.NewGuid():N}");
        var site = await router.CreateSite();
        router.Settings["RabbitMq:Uri"] = await servers.Broker.CreateUser(vhost, user, Password);
        var worker = await router.Host("Router.Worker").Ready();

        // The password is rotated and put back, rights are taken away and given back, and the user is deleted and made again.
        (Func<Task> Refuse, Func<Task> Allow)[] troubles =
        [
            (() => servers.Broker.SetPassword(user, "another"), () => servers.Broker.SetPassword(user, Password)),
            (() => servers.Broker.SetPermissions(vhost, user, ""), () => servers.Broker.SetPermissions(vhost, user, ".*")),
            (() => servers.Broker.DeleteUser(user), () => servers.Broker.CreateUser(vhost, user, Password)),
        ];
        foreach (var (refuse, allow) in troubles)
        {
            await refuse();
            await Eventually.True(
                async () =>
                {
                    await servers.Broker.CloseConnections(user);
                    return !await IsReady(worker);
                },
                "it isn't ready while it takes no leads", seconds: 60);
            var expected = router.Receiver.At(site.LeadManager.Path).Count + 1;
            await site.PostLead();
            await allow();
            await Eventually.True(() => router.Receiver.At(site.LeadManager.Path).Count == expected, "the lead arrives", seconds: 90);
            await worker.Ready();
        }
    }

    [Fact]
    public async Task Worker_StartedBeforeItMayLogIn_TakesLeadsOnceItMay()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var site = await router.CreateSite();
        var user = $"worker-{Guid.NewGuid():N}";
        router.Settings["RabbitMq:Uri"] = new UriBuilder(
            router.Settings["RabbitMq:Uri"]) { UserName = user, Password = Password }.Uri.AbsoluteUri;
        var worker = router.Host("Router.Worker");
        await site.PostLead();
        await Eventually.True(
            () => router.Output.Contains("RabbitMQ can't be used", StringComparison.Ordinal), "the log says why", seconds: 60);
        Assert.False(await IsReady(worker));
        Assert.Empty(router.Receiver.At(site.LeadManager.Path));

        await servers.Broker.CreateUser(router.VirtualHost, user, Password);
        await router.Receiver.Wait(site.LeadManager.Path, 1, seconds: 60);
        await worker.Ready();
    }

    private static async Task<bool> IsReady(TestHost host)
    {
        using var http = new HttpClient();
        try
        {
            using var answer = await http.GetAsync(new Uri(host.Url, "/health/ready"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
