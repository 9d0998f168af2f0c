using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using System.Web;

namespace Router.Testing;

/// <summary>
/// A person's browser at the router and at its provider: one store of cookies, as both are on one host. What the provider's sign-in page
/// does by its script is done here by the same requests.
/// </summary>
public sealed class ProviderVisitor : IDisposable
{
    private readonly HttpClientHandler _handler = new() { AllowAutoRedirect = false, CookieContainer = new CookieContainer() };
    private readonly HttpClient _http;

    public ProviderVisitor(Uri router) => _http = new HttpClient(_handler) { BaseAddress = router };

    public CookieContainer Cookies => _handler.CookieContainer;

    public Uri Router => _http.BaseAddress!;

    /// <summary>Signs in from the router's sign-in page to where that leads.</summary>
    public async Task<Browsed> SignIn(string username, string path = "/sign-in/with-provider") =>
        await Follow(await Callback(username, path));

    /// <summary>Goes to the provider, signs in there, and is about to be sent back: to this address.</summary>
    public async Task<Uri> Callback(string username, string path = "/sign-in/with-provider") => await SignInAt(await Leave(path), username);

    /// <summary>The router asks it to sign in.</summary>
    public async Task AssertSignedOut() => Assert.Equal("/sign-in", (await Get("/account")).Path);

    /// <summary>Where the router sends a browser that wants to sign in.</summary>
    public async Task<Uri> Leave(string path = "/sign-in/with-provider") => await Redirect(new Uri(_http.BaseAddress!, path));

    /// <summary>What happens at the provider: the password, the consent, and the way back.</summary>
    public async Task<Uri> SignInAt(Uri authorization, string username)
    {
        var login = await Redirect(authorization);
        Assert.EndsWith("/login.html", login.AbsolutePath, StringComparison.Ordinal);
        var next = new Uri(HttpUtility.ParseQueryString(login.Query)["callback_url"]!);
        using (var known = await _http.PostAsJsonAsync(
            new Uri(authorization, "/api/auth/"), new { username, password = OpenIdProvider.Password }))
            Assert.Equal(HttpStatusCode.OK, known.StatusCode);
        using (var granted = await _http.PutAsJsonAsync(
            new Uri(authorization, $"/api/auth/grant/{OpenIdProvider.ClientId}"), new { scope = "openid" }))
            Assert.Equal(HttpStatusCode.OK, granted.StatusCode);
        return await Redirect(new Uri($"{next.AbsoluteUri}&g_continue"));
    }

    /// <summary>Opens an address and all that it leads to.</summary>
    public async Task<Browsed> Follow(Uri url)
    {
        for (var i = 0; i < 10; i++)
        {
            using var response = await _http.GetAsync(url);
            if (response.Headers.Location is not { } next)
                return new Browsed((int)response.StatusCode, url, await response.Content.ReadAsStringAsync());
            url = new Uri(url, next);
        }

        throw new InvalidOperationException($"It goes on for ever: {url}");
    }

    public Task<Browsed> Get(string path) => Follow(new Uri(_http.BaseAddress!, path));

    /// <summary>Presses the button of a page of the router's, and shows what that answers.</summary>
    public Task<Browsed> Submit(Browsed page, string button, params (string Name, string Value)[] typed) =>
        Submit(page, button, Forms.Find(page.Html, button).Action, typed);

    /// <summary>Sends the form of that button elsewhere.</summary>
    public async Task<Browsed> Submit(Browsed page, string button, string? action, params (string Name, string Value)[] typed)
    {
        var (form, _) = Forms.Find(page.Html, button);
        var values = Forms.Fields(form).Where(field => field.IsSent && !typed.Any(other => other.Name == field.Name))
            .Select(field => (field.Name, field.Value)).Concat(typed);
        return await Post(new Uri(page.Url, WebUtility.HtmlDecode(action ?? page.Url.PathAndQuery)), [.. values]);
    }

    /// <summary>Sends a form, and shows what that answers.</summary>
    public async Task<Browsed> Post(Uri url, params (string Name, string Value)[] fields)
    {
        using var response = await _http.PostAsync(
            url, new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))));
        return response.Headers.Location is { } next ? await Follow(new Uri(url, next))
            : new Browsed((int)response.StatusCode, url, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Where a page sends a browser by itself.</summary>
    public static Uri Onward(Browsed page) => new(
        page.Url, WebUtility.HtmlDecode(Regex.Match(page.Html, "http-equiv=\"refresh\" content=\"0; url=([^\"]+)\"").Groups[1].Value));

    public void Dispose()
    {
        _http.Dispose();
        _handler.Dispose();
    }

    private async Task<Uri> Redirect(Uri url)
    {
        using var response = await _http.GetAsync(url);
        Assert.True(
            response.Headers.Location is not null, $"{url.AbsolutePath} leads nowhere: {(int)response.StatusCode}");
        return new Uri(url, response.Headers.Location!);
    }
}
