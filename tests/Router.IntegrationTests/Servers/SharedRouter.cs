namespace Router.IntegrationTests.Servers;

/// <summary>One router for all tests that don't break it; each test makes a site of its own.</summary>
public sealed class SharedRouter(TestServers servers) : IAsyncLifetime
{
    public RouterFixture Router { get; private set; } = null!;

    public TestServers Servers => servers;

    public async ValueTask InitializeAsync() => Router = await RouterFixture.Start(servers);

    public ValueTask DisposeAsync() => Router.DisposeAsync();
}
