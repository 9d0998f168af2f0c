using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>How large bodies may be that aren't leads.</summary>
public sealed class BodyLimitTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private const int Mebibyte = 1024 * 1024;

    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_AboveOneMebibyte_IsRefusedBeforeAnythingIsMadeOfIt(bool chunked)
    {
        var site = await _router.CreateSite();
        using var page = await PageClient.SignedIn(_router, "owner", site.Id);
        var token = await page.MakeToken();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/sites/{site.Id}/destinations")
        {
            Content = Json($$"""{"answer_rules": [{{string.Join(',', Enumerable.Repeat("{}", Mebibyte / 2))}}]}"""),
            Headers = { TransferEncodingChunked = chunked, Authorization = new AuthenticationHeaderValue("Bearer", token) },
        };
        using var refused = await _router.Admin.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        Assert.Contains("The body is larger than 1 MiB.", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Form_AboveOneMebibyte_IsRefusedWithAPage()
    {
        var site = await _router.CreateSite();
        using var page = await PageClient.SignedIn(_router, "owner", site.Id);
        using var refused = await page.Submit($"/sites/{site.Id}/destinations/new", ("name", new string('x', Mebibyte)));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        Assert.Contains("<h1>Too large</h1>", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>Whoever hasn't signed in has little to say.</summary>
    [Theory]
    [InlineData("/sign-in", false)]
    [InlineData("/sign-in", true)]
    [InlineData("/unsubscribe/9d3b9d2e-0f8e-4e39-9d27-0d3c8f3c0c53", false)]
    [InlineData("/sign-in/from-provider", false)]
    [InlineData("/nowhere", false)]
    public async Task Form_OfAStranger_AboveThirtyTwoKibibytes_IsRefused(string path, bool chunked)
    {
        using var http = new HttpClient { BaseAddress = _router.Api.Url };
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new FormUrlEncodedContent([KeyValuePair.Create("email", new string('x', 33 * 1024))]),
            Headers = { TransferEncodingChunked = chunked },
        };
        using var refused = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
    }

    /// <summary>And nothing where a page is only shown, whoever they are: what stands in the address is all that is asked for.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Form_WithAPageThatIsOnlyShown_IsNotLookedAt(bool chunked)
    {
        using var http = new HttpClient { BaseAddress = _router.Api.Url };
        foreach (var size in new[] { 1, 512 * 1024 })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/sign-in")
            {
                Content = new FormUrlEncodedContent([KeyValuePair.Create("return", "/of-the-form"), new("x", new string('x', size))]),
                Headers = { TransferEncodingChunked = chunked },
            };
            using var answer = await http.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.DoesNotContain("/of-the-form", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Contains("/of-the-address", await http.GetStringAsync("/sign-in?return=/of-the-address"), StringComparison.Ordinal);
    }

    [Theory]
    // A lead as large as leads may be.
    [InlineData("POST", "/api/sites/{site}/refused-leads/{id}/accept", Mebibyte, HttpStatusCode.NotFound)]
    [InlineData("POST", "/api/sites/{site}/refused-leads/{id}/accept", Mebibyte + 1, HttpStatusCode.RequestEntityTooLarge)]
    // A message, whatever made it so large.
    [InlineData("PUT", "/api/set-aside/{id}/message", 40 * Mebibyte, HttpStatusCode.UnprocessableEntity)]
    [InlineData("POST", "/api/secrets/compare", 10 * Mebibyte, HttpStatusCode.UnprocessableEntity)]
    public async Task Body_OfWhatIsLarge_HasALimitOfItsOwn(string method, string path, int size, HttpStatusCode status)
    {
        var site = await _router.CreateSite();
        path = path.Replace("{site}", $"{site.Id}", StringComparison.Ordinal)
            .Replace("{id}", $"{Guid.NewGuid()}", StringComparison.Ordinal);
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = Json("{}".PadRight(size)) };
        using var answer = await _router.Admin.SendAsync(request);
        Assert.Equal(status, answer.StatusCode);
    }

    private static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");
}
