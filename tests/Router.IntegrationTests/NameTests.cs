using System.Net.Http.Json;
using Npgsql;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What things may be called, so that none passes for another.</summary>
public sealed class NameTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData("Lead Manager")]
    [InlineData("lead  manager")]
    [InlineData("LeadManager")]
    [InlineData("Ｌｅａｄ Ｍａｎａｇｅｒ")]
    [InlineData("Lead\u200DManager")]
    [InlineData("\u200C")]
    [InlineData("TAKEN")]
    [InlineData("ta ken")]
    public async Task Name_ThatLooksLikeAnother_IsRefusedEverywhere(string name)
    {
        var site = await _router.CreateSite();
        await site.AddDestination("Taken");
        var other = await site.AddDestination("Other");
        var path = $"/api/sites/{site.Id}/destinations";
        Assert.Equal(409, (int)(await _router.Admin.PostAsJsonAsync(path, new { name, url = "https://x.test", secret = "s" })).StatusCode);
        Assert.Equal(409, (int)(await _router.Admin.PatchAsJsonAsync($"{path}/{other.Id}", new { name })).StatusCode);
        var refused = await Assert.ThrowsAsync<PostgresException>(
            () => _router.Query<object>("update destinations set name = @name where id = @Id", new { name, other.Id }));
        Assert.StartsWith("23", refused.SqlState, StringComparison.Ordinal);

        using var browser = await SignIn();
        var added = await browser.Submit(await browser.Get($"/sites/{site.Id}/destinations/new"), "Save", ("name", name),
            ("url", "http://127.0.0.1/x"), ("secret", "kept"));
        Assert.NotEqual("", added.Error("name"));
        Assert.Equal("kept", added.Field("secret"));
        Assert.NotEqual("", (await browser.Submit(await browser.Get($"/sites/{site.Id}/destinations/{other.Id}"), "Save", ("name", name)))
            .Error("name"));
    }

    [Theory]
    [InlineData("a\u200Bb")]
    [InlineData("\u202Egnihtemos")]
    [InlineData("a\u2066b")]
    [InlineData("a\uFEFF")]
    public async Task Name_WithWhatNobodySees_IsRefusedInWords(string name)
    {
        var site = await _router.CreateSite();
        using var response = await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/destinations", new { name, url = "https://x.test", secret = "s" });
        Assert.Equal(422, (int)response.StatusCode);
        Assert.Contains("nobody sees (U+", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(422, (int)(await _router.Admin.PatchAsJsonAsync($"/api/sites/{site.Id}", new { name })).StatusCode);
    }

    [Fact]
    public async Task Integration_CalledLeadManager_IsRefused()
    {
        using var response = await _router.Admin.PostAsJsonAsync(
            "/api/integrations", new { name = "lead manager", description = "d", url = "https://x.test", secret = "s" });
        Assert.Equal(409, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("https://www.X.test/", "www.x.test")]
    [InlineData("WWW.x.test", "www.x.test")]
    [InlineData(" www.x.test:8443/path?q#f ", "www.x.test")]
    [InlineData("//x.test.", "x.test")]
    [InlineData("häuser.test", "xn--huser-gra.test")]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("ann@x.test", null)]
    [InlineData("www x.test", null)]
    [InlineData("ftp://x.test", null)]
    [InlineData("2130706433", null)]
    [InlineData("https://", null)]
    public async Task Domain_OfASite_IsAHostName(string entered, string? stored)
    {
        var site = await _router.CreateSite();
        using var changed = await _router.Admin.PatchAsJsonAsync($"/api/sites/{site.Id}", new { domain = entered });
        Assert.Equal(stored is null ? 422 : 200, (int)changed.StatusCode);
        Assert.Equal(stored ?? "www.site.test", await _router.Query<string>("select domain from sites where id = @Id", new { site.Id }));
        using var browser = await SignIn();
        var page = await browser.Submit(await browser.Get($"/operator/sites/{site.Id}"), "Save", ("domain", entered));
        Assert.Equal(stored is null, page.Error("domain").Length > 0);
        await Assert.ThrowsAsync<PostgresException>(
            () => _router.Query<object>("update sites set domain = 'https://www.x.test/' where id = @Id", new { site.Id }));
    }

    private async Task<Browserless> SignIn()
    {
        var browser = new Browserless(_router.Api.Url);
        Assert.Equal(200, (await browser.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword)).Status);
        return browser;
    }
}
