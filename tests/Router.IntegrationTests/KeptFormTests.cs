using System.Net;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What somebody sent after their session had ended is filled in again. What another website sent in their name isn't.</summary>
public sealed class KeptFormTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Secret_SentWithoutASession_IsNotKept()
    {
        var site = await _router.CreateSite();
        var (email, link) = await PageClient.Invite(_router, "owner", site.Id);
        using var person = new PageClient(_router);
        await person.Submit(link, ("password", PageClient.Password));
        await person.SignOut();

        var path = $"/sites/{site.Id}/destinations/new";
        using var sent = new HttpRequestMessage(HttpMethod.Post, path);
        sent.Headers.Add("Sec-Fetch-Site", "same-origin");
        sent.Content = new FormUrlEncodedContent([new("name", "A NAME"), new("secret", "A-SIGNING-SECRET-OF-SOMEBODY")]);
        using var answer = await person.Http.SendAsync(sent);
        await person.SignIn(email, PageClient.Password);
        var page = await person.Http.GetStringAsync(path);
        Assert.Contains("A NAME", page, StringComparison.Ordinal);
        Assert.DoesNotContain("A-SIGNING-SECRET-OF-SOMEBODY", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "same-origin", true)]
    [InlineData("Sec-Fetch-Site", "cross-site", false)]
    [InlineData("Sec-Fetch-Site", "same-site", false)]
    [InlineData("Origin", "self", true)]
    [InlineData("Origin", "https://evil.test", false)]
    [InlineData("Origin", "null", false)]
    public async Task Form_SentWithoutASession_IsKeptOnlyFromOurOwnPages(string header, string value, bool isKept)
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var person = new PageClient(_router);
        await person.Submit(link, ("password", PageClient.Password));
        await person.SignOut();

        using var sent = new HttpRequestMessage(HttpMethod.Post, "/account/tokens?handler=Token");
        sent.Headers.Add(header, value == "self" ? _router.Api.Url.GetLeftPart(UriPartial.Authority) : value);
        sent.Content = new FormUrlEncodedContent([new("name", "MADE ELSEWHERE")]);
        using var answer = await person.Http.SendAsync(sent);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        await person.SignIn(email, PageClient.Password);
        var page = await person.Http.GetStringAsync("/account/tokens?handler=Token");
        Assert.Equal(isKept, page.Contains("MADE ELSEWHERE", StringComparison.Ordinal));
        Assert.Equal(isKept, page.Contains("filled in again", StringComparison.Ordinal));
    }
}
