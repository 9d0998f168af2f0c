using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>How often owners change something: each change stays in the audit log for good.</summary>
public sealed class ChangeRateTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    // The limit is 60.
    private const int MoreThanEnough = 100;

    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Changes_OfASite_AreLimitedForAllOfItsPeopleTogether()
    {
        var (site, other) = (await _router.CreateSite(), await _router.CreateSite());
        var destination = await site.AddDestination("changed");
        using var viewer = await PageClient.Viewer(_router, site.Id);
        using var page = await PageClient.SignedIn(_router, "owner", site.Id, other.Id);
        using var second = await PageClient.SignedIn(_router, "owner", site.Id);
        using var owner = await ByToken(page);
        using var colleague = await ByToken(second);

        var (made, refused) = await UntilRefused(async number => (number % 3) switch
        {
            0 => await owner.DeleteAsync($"/api/sites/{site.Id}/leads/{Guid.NewGuid():N}"),
            1 => await owner.PatchAsJsonAsync(
                $"/api/sites/{site.Id}/destinations/{destination.Id}", new { partner_id = $"{number}" }),
            _ => await colleague.PatchAsJsonAsync($"/api/sites/{site.Id}", new { require_proven = number % 2 == 0 }),
        });
        Assert.Equal(60, made);
        Assert.Equal("The people of this site have made 60 changes within a minute. Wait a moment, then go on.", refused);
        // On its pages, too, whoever of them it is.
        using (var onPage = await second.SubmitFrom(
            $"/sites/{site.Id}", $"/sites/{site.Id}?handler=RequireProven", ("required", "true")))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, onPage.StatusCode);
            Assert.Contains("60 changes within a minute", await onPage.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        // Other sites, operators, and what changes nothing.
        using var elsewhere = await owner.PatchAsJsonAsync($"/api/sites/{other.Id}", new { require_proven = true });
        Assert.Equal(HttpStatusCode.OK, elsewhere.StatusCode);
        await site.Patch(destination, new { partner_id = "an operator's" });
        using var preview = await owner.PostAsJsonAsync(
            $"/api/sites/{site.Id}/destinations/{destination.Id}/preview", new { answer_rules = Array.Empty<object>() });
        Assert.Equal(HttpStatusCode.OK, preview.StatusCode);
        // And somebody who does this is shut out all the same.
        var people = await owner.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/people");
        var person = people.GetProperty("items").EnumerateArray()
            .Single(one => one.GetProperty("role").GetString() == "viewer").GetProperty("account_id");
        using var removed = await owner.DeleteAsync($"/api/sites/{site.Id}/people/{person.GetString()}");
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
    }

    [Fact]
    public async Task Changes_OfAnAccountByItsTokens_DoNotKeepItsOwnerFromThePages()
    {
        var site = await _router.CreateSite();
        using var page = await PageClient.SignedIn(_router, "owner", site.Id);
        using var thief = await ByToken(page);
        var (made, refused) = await UntilRefused(_ => thief.PostAsJsonAsync("/api/tokens", new { name = "" }));
        Assert.Equal(60, made);
        Assert.Equal("This account has made 60 changes within a minute. Wait a moment, then go on.", refused);

        using var zone = await page.SubmitFrom("/account", "/account?handler=TimeZone", ("time_zone", "Europe/Berlin"));
        Assert.Equal(HttpStatusCode.Redirect, zone.StatusCode);
        var token = (await thief.GetFromJsonAsync<JsonElement>("/api/tokens")).GetProperty("items")[0].GetProperty("id").GetString();
        using var revoked = await thief.DeleteAsync($"/api/tokens/{token}");
        Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
    }

    private async Task<HttpClient> ByToken(PageClient page)
    {
        var token = await page.MakeToken();
        return new HttpClient
        {
            BaseAddress = _router.Api.Url, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
        };
    }

    private static async Task<(int Made, string Sentence)> UntilRefused(Func<int, Task<HttpResponseMessage>> change)
    {
        for (var number = 0; number < MoreThanEnough; number++)
        {
            using var answer = await change(number);
            if (answer.StatusCode == HttpStatusCode.TooManyRequests)
                return (number, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString()!);
        }

        return (MoreThanEnough, "");
    }
}
