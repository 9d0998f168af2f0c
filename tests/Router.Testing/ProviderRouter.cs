using System.Net.Http.Json;
using System.Text.Json;

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

    /// <summary>Somebody's browser, in which nobody is signed in.</summary>
    public ProviderVisitor Browser() => new(Router.Api.Url);

    /// <summary>Somebody with an account at the provider.</summary>
    public async Task<(string Name, string Email)> Person(bool verified)
    {
        var name = $"p{Guid.NewGuid():N}";
        await Provider.Add(name, $"{name}@realty.test", verified);
        return (name, $"{name}@realty.test");
    }

    /// <summary>Invites that address; the path of its link.</summary>
    public Task<string> Invite(string email, params Guid[] sites) => Invite(email, "owner", sites);

    public async Task<string> Invite(string email, string role, params Guid[] sites)
    {
        using var response = await Router.Admin.PostAsJsonAsync("/api/accounts", new { email, role, sites });
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("path").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        await Router.DisposeAsync();
        await Provider.DisposeAsync();
    }
}
