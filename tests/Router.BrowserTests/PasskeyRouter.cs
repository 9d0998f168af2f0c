namespace Router.BrowserTests;

/// <summary>A router whose pages are at a host name, as passkeys need it.</summary>
public sealed class PasskeyRouter(TestServers servers) : IAsyncLifetime
{
    private TcpProxy? _door;

    public RouterFixture Router { get; private set; } = null!;

    public TestServers Servers => servers;

    /// <summary>Besides the address.</summary>
    public (string Key, string Value)[] Settings { get; init; } = [];

    /// <summary>Where browsers find it.</summary>
    public Uri Url { get; } = new($"http://localhost:{TestHost.FreePort()}");

    public async ValueTask InitializeAsync()
    {
        Router = await RouterFixture.Start(servers, workers: 0, [("Alerts:PagesUrl", Url.AbsoluteUri), .. Settings]);
        // The port has to be known before the router has one.
        _door = new TcpProxy(Router.Api.Url, Url.Port);
    }

    public async ValueTask DisposeAsync()
    {
        if (_door is not null)
            await _door.DisposeAsync();
        await Router.DisposeAsync();
    }
}
