namespace Router.IntegrationTests.Servers;

/// <summary>A router of a class's own, whose tests leave traces that others would stumble over.</summary>
public sealed class OwnRouter(TestServers servers) : IAsyncLifetime
{
    public RouterFixture Router { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Router = await RouterFixture.Start(servers);

    public ValueTask DisposeAsync() => Router.DisposeAsync();
}
