namespace Router.Testing;

/// <summary>One router for all tests that don't break it, of all classes; each test makes a site of its own.</summary>
public sealed class SharedRouter(TestServers servers) : IAsyncLifetime
{
    public RouterFixture Router { get; private set; } = null!;

    public TestServers Servers => servers;

    public async ValueTask InitializeAsync() => Router = await servers.SharedRouter.Value;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
