using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Router.Testing;

/// <summary>Somebody at the pages, without a browser: keeps cookies, fills in forms, follows nothing by itself.</summary>
public sealed class PageClient : IDisposable
{
    public const string Password = "correct horse battery staple";

    public PageClient(RouterFixture router)
    {
        // The cookies are there for this client as they are for a browser: this machine alone is in between.
        Http = new HttpClient(
            new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = Cookies }) { BaseAddress = router.Api.Url };
    }

    public CookieContainer Cookies { get; } = new();

    public HttpClient Http { get; }

    public static async Task<(string Email, string Link)> Invite(RouterFixture router, string role, params Guid[] sites)
    {
        var response = await router.Admin.PostAsJsonAsync(
            "/api/accounts", new { email = $"{role}-{Guid.NewGuid():N}@realty.test", role, sites });
        var invitation = await response.Content.ReadFromJsonAsync<JsonElement>();
        return (invitation.GetProperty("email").GetString()!, invitation.GetProperty("path").GetString()!);
    }

    /// <summary>An account that has accepted its invitation and is signed in.</summary>
    public static async Task<PageClient> SignedIn(RouterFixture router, string role, params Guid[] sites)
    {
        var client = new PageClient(router);
        var (_, link) = await Invite(router, role, sites);
        var response = await client.Submit(link, ("password", Password));
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        return client;
    }

    /// <summary>The same for somebody who may look at a site and change nothing.</summary>
    public static async Task<PageClient> Viewer(RouterFixture router, Guid site)
    {
        var client = new PageClient(router);
        var response = await router.Admin.PostAsJsonAsync(
            $"/api/sites/{site}/people", new { email = $"viewer-{Guid.NewGuid():N}@realty.test", role = "viewer" });
        var added = await response.Content.ReadFromJsonAsync<JsonElement>();
        await client.Submit(added.GetProperty("invitation").GetProperty("path").GetString()!, ("password", Password));
        return client;
    }

    public Task<HttpResponseMessage> SignIn(string email, string password) => Submit("/sign-in", ("email", email), ("password", password));

    /// <summary>Opens the page and sends its form, as a person would.</summary>
    public Task<HttpResponseMessage> Submit(string path, params (string Name, string Value)[] fields) => SubmitFrom(path, path, fields);

    /// <summary>Presses the button at the top of each page.</summary>
    public Task<HttpResponseMessage> SignOut() => SubmitFrom("/account", "/sign-out");

    /// <summary>Opens a page and sends one of its forms, which goes elsewhere.</summary>
    public async Task<HttpResponseMessage> SubmitFrom(string page, string path, params (string Name, string Value)[] fields)
    {
        var html = await (await Http.GetAsync(page)).Content.ReadAsStringAsync();
        var token = Regex.Match(html, "name=\"form_token\" type=\"hidden\" value=\"([^\"]+)\"").Groups[1].Value;
        return await Http.PostAsync(path,
            new FormUrlEncodedContent(fields.Append(("form_token", token)).Select(field => KeyValuePair.Create(field.Item1, field.Item2))));
    }

    /// <summary>A new API token of this account.</summary>
    public async Task<string> MakeToken()
    {
        await Submit("/account/tokens?handler=Token", ("name", "test"));
        var page = await Http.GetStringAsync("/account/tokens");
        return Regex.Match(page, "<pre class=\"secret\"[^>]*>([^<]+)</pre>").Groups[1].Value;
    }

    public void Dispose() => Http.Dispose();
}
