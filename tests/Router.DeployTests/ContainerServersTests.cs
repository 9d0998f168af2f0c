using System.Diagnostics;
using Router.Testing;

namespace Router.DeployTests;

/// <summary>The servers of the tests, where a machine has them in containers only.</summary>
public sealed class ContainerServersTests(Images images)
{
    [Fact]
    public async Task Router_OnServersInContainers_DeliversALead()
    {
        await images.Ready();
        var directory = Directory.CreateTempSubdirectory("router-engine-");
        var socket = Path.Combine(directory.FullName, "engine.sock");
        using var engine = Process.Start(new ProcessStartInfo("bash", [Images.Engine, "serve", socket]) { UseShellExecute = false })!;
        try
        {
            await Eventually.True(() => Task.FromResult(File.Exists(socket)), "the engine listens");
            await using var servers = await Containers.Start(new Uri($"unix://{socket}"));
            await using var router = await RouterFixture.StartProcesses(
                await Postgres.CreateDatabase(servers.Database), await servers.Broker.CreateVirtualHost(), servers.Broker);
            var site = await router.CreateSite();
            await site.PostLead();
            var received = Assert.Single(await router.Receiver.Wait(site.LeadManager.Path, 1));
            Assert.True(received.IsSignedWith(site.LeadManager.Secret));
            await site.AssertAccountedFor(events: 1);
        }
        finally
        {
            engine.Kill();
            await engine.WaitForExitAsync(TestContext.Current.CancellationToken);
            directory.Delete(recursive: true);
        }
    }
}
