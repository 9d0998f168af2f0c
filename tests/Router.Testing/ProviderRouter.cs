namespace Router.Testing;

/// <summary>A router at which people sign in with the accounts of a provider, and that provider.</summary>
public sealed class ProviderRouter(TestServers servers) : IAsyncLifetime
{
    public const string Name = "Realty Co";

    public TestServers Servers => servers;

    public OpenIdProvider Provider { get; private set; } = null!;

    public RouterFixture Router { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Provider = await OpenIdProvider.Start();
        Router = await StartRouter(
            Provider.Issuer, ("OpenIdConnect:OperatorsIf", "groups=router-operators"), ("OpenIdConnect:SitesFrom", "sites"));
        await Provider.Trust(Router.Api.Url);
    }

    /// <summary>Another one of the same provider, or of somebody in its place.</summary>
    public Task<RouterFixture> StartRouter(Uri issuer, params (string Key, string Value)[] settings) => RouterFixture.Start(
        servers, workers: 0,
        [("OpenIdConnect:Authority", issuer.AbsoluteUri), ("OpenIdConnect:ClientId", OpenIdProvider.ClientId),
            ("OpenIdConnect:ClientSecret", OpenIdProvider.ClientSecret), ("OpenIdConnect:Name", Name), .. settings]);

    public async ValueTask DisposeAsync()
    {
        await Router.DisposeAsync();
        await Provider.DisposeAsync();
    }
}
