using System.Net;
using System.Text.RegularExpressions;

namespace Router.Testing;

/// <summary>A page as it came back, after all redirects.</summary>
public sealed record Browsed(int Status, Uri Url, string Html)
{
    public string Path => Url.AbsolutePath;

    /// <summary>What a person reads: without tags, white space folded.</summary>
    public string Text => Regex.Replace(WebUtility.HtmlDecode(Regex.Replace(Html, "<[^>]*>", " ")), @"\s+", " ");

    /// <summary>What is shown this once.</summary>
    public string Secret => WebUtility.HtmlDecode(Regex.Match(Html, "<pre class=\"secret\"[^>]*>([^<]*)</pre>").Groups[1].Value);

    /// <summary>What stands in a field.</summary>
    public string? Field(string name) => Forms.Fields(Html).LastOrDefault(field => field.Name == name).Value;

    /// <summary>The sentence beside a field.</summary>
    public string Error(string name) => WebUtility.HtmlDecode(Regex.Match(Html, $"id=\"{name}-error\">([^<]*)<").Groups[1].Value);
}

/// <summary>
/// Uses pages as a browser without script does: follows links, fills in the fields of a form and presses one of its buttons.
/// </summary>
public sealed class Browserless : IDisposable
{
    private readonly HttpClientHandler _handler = new() { CookieContainer = new CookieContainer() };
    private readonly HttpClient _http;

    public Browserless(Uri router)
    {
        _http = new HttpClient(_handler) { BaseAddress = router };
        // What a browser says of a page's own links and forms.
        _http.DefaultRequestHeaders.Add("Sec-Fetch-Site", "same-origin");
    }

    public async Task<Browsed> Get(string path) => await Read(await _http.GetAsync(path));

    public async Task<Browsed> SignIn(string email, string password) =>
        await Submit(await Get("/sign-in"), "Sign in", ("email", email), ("password", password));

    /// <summary>
    /// Presses the button of that text or label; the fields of its form are as the page has them, but for those that are given.
    /// </summary>
    public async Task<Browsed> Submit(Browsed page, string button, params (string Name, string Value)[] typed)
    {
        var (form, action) = Forms.Find(page.Html, button);
        var values = Forms.Fields(form).Where(field => field.IsSent && !typed.Any(other => other.Name == field.Name))
            .Select(field => (field.Name, field.Value)).Concat(typed);
        using var body = new FormUrlEncodedContent(values.Select(value => KeyValuePair.Create(value.Name, value.Value)));
        return await Read(await _http.PostAsync(new Uri(page.Url, WebUtility.HtmlDecode(action ?? page.Url.PathAndQuery)), body));
    }

    /// <summary>Sends a form as the page has it, whichever its button.</summary>
    public async Task<Browsed> Send(Browsed page, string form, string action)
    {
        var values = Forms.Fields(form).Where(field => field.IsSent).Select(field => KeyValuePair.Create(field.Name, field.Value));
        using var body = new FormUrlEncodedContent(values);
        return await Read(await _http.PostAsync(new Uri(page.Url, action), body));
    }

    public void Dispose()
    {
        _http.Dispose();
        _handler.Dispose();
    }

    private static async Task<Browsed> Read(HttpResponseMessage response) =>
        new((int)response.StatusCode, response.RequestMessage!.RequestUri!, await response.Content.ReadAsStringAsync());
}
