using System.Net.Http.Json;
using System.Text.Json;

namespace Router.Testing;

/// <summary>A router whose operator has a password, for tests of pages.</summary>
public sealed class OperatorRouter(TestServers servers) : IAsyncLifetime
{
    private Task<(Browserless Browser, Guid Site)>? _owner;

    public RouterFixture Router { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Router = await RouterFixture.Start(servers);

    public async Task<Browserless> SignIn()
    {
        var browser = new Browserless(Router.Api.Url);
        Assert.Equal(200, (await browser.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword)).Status);
        return browser;
    }

    /// <summary>Somebody who owns one site and is signed in.</summary>
    public Task<(Browserless Browser, Guid Site)> Owner() => _owner ??= MakeOwner();

    public async ValueTask DisposeAsync()
    {
        if (_owner is not null)
            (await _owner).Browser.Dispose();
        await Router.DisposeAsync();
    }

    private async Task<(Browserless Browser, Guid Site)> MakeOwner()
    {
        var site = await Router.CreateSite();
        using var response = await Router.Admin.PostAsJsonAsync(
            "/api/accounts", new { email = "owner@router.test", sites = new[] { site.Id } });
        var invitation = await response.Content.ReadFromJsonAsync<JsonElement>();
        var browser = new Browserless(Router.Api.Url);
        await browser.Submit(
            await browser.Get(invitation.GetProperty("path").GetString()!), "Save and sign in", ("password", "a few words in a row"));
        return (browser, site.Id);
    }
}
