using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Owners invite colleagues, and say who of them may change something.</summary>
public sealed class PeopleTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Viewer_InvitedByAnOwner_SeesTheLeadsAndNoFormUntilMadeAnOwner()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("crm");
        await site.Post("""{"source": "s", "first_name": "Vera", "last_name": "Lane"}""");
        using var owner = await Owner(site.Id);
        var people = await owner.Get($"/sites/{site.Id}/people");
        var email = $"{Guid.NewGuid():N}@realty.test";
        var invited = await owner.Submit(people, "Invite", ("email", email));
        Assert.StartsWith($"{_router.Api.Url}invitation/", invited.Secret, StringComparison.Ordinal);

        using var viewer = new Browserless(_router.Api.Url);
        var welcome = await viewer.Submit(
            await viewer.Get(new Uri(invited.Secret).AbsolutePath), "Save and sign in", ("password", PageClient.Password));
        Assert.Contains("You are a viewer of this site", welcome.Text, StringComparison.Ordinal);
        await Eventually.True(
            async () => (await viewer.Get($"/sites/{site.Id}/leads")).Text.Contains("Vera Lane", StringComparison.Ordinal),
            "the lead is there");
        foreach (var page in new[]
        {
            "", "/leads", "/deliveries", "/replays", "/refused", "/statement", "/changes", "/people", $"/destinations/{destination.Id}",
        })
        {
            var seen = await viewer.Get($"/sites/{site.Id}{page}");
            Assert.Equal(200, seen.Status);
            Assert.DoesNotContain(
                "method=\"post\"", seen.Html.Replace(SignOut(seen.Html), "", StringComparison.Ordinal), StringComparison.Ordinal);
        }

        var refused = await viewer.Get($"/sites/{site.Id}/destinations/new");
        Assert.Equal(403, refused.Status);
        Assert.Contains("An owner of the site can make it an owner", refused.Text, StringComparison.Ordinal);

        var made = await owner.Submit(await owner.Get(people.Path), $"Make {email} an owner");
        Assert.Contains($"{email} is an owner of", made.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await viewer.Get($"/sites/{site.Id}/destinations/new")).Status);
        Assert.Contains(email, (await owner.Get($"/sites/{site.Id}/changes")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Owner_WithPeopleOfTheSite_CannotGetAtOtherSitesNorLockEverybodyOut()
    {
        var (site, other) = (await _router.CreateSite(), await _router.CreateSite());
        using var client = await PageClient.SignedIn(_router, "owner", site.Id);
        using var owner = new HttpClient { BaseAddress = _router.Api.Url };
        owner.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await client.MakeToken());
        var people = $"/api/sites/{site.Id}/people";
        var self = (await owner.GetFromJsonAsync<JsonElement>(people)).GetProperty("items")[0].GetProperty("account_id").GetGuid();
        Assert.Equal(HttpStatusCode.Conflict, (await owner.DeleteAsync($"{people}/{self}")).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await owner.PatchAsJsonAsync($"{people}/{self}", new { role = "viewer" })).StatusCode);

        // An account that has another site, too: it is let in, and no link shows the way into it.
        var (email, _) = await PageClient.Invite(_router, "owner", other.Id);
        using var response = await owner.PostAsJsonAsync(people, new { email, role = "owner" });
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var added = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(JsonValueKind.Null, added.GetProperty("invitation").ValueKind);
        using var pages = await Owner(site.Id);
        var refused = await pages.Submit(await pages.Get($"/sites/{site.Id}/people"), $"New invitation for {email}");
        Assert.Contains("Only an operator can make a new link", refused.Text, StringComparison.Ordinal);
        Assert.Equal("", refused.Secret);

        Assert.Equal(HttpStatusCode.Conflict, (await owner.PostAsJsonAsync(people, new { email })).StatusCode);
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await owner.PostAsJsonAsync(people, new { email = "x@x.test", role = "king" })).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await owner.PostAsJsonAsync(people, new { email = "nobody" })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await owner.DeleteAsync($"{people}/{Guid.NewGuid()}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await owner.GetAsync($"/api/sites/{other.Id}/people")).StatusCode);

        var account = added.GetProperty("person").GetProperty("account_id").GetGuid();
        Assert.Equal(HttpStatusCode.NoContent, (await owner.DeleteAsync($"{people}/{account}")).StatusCode);
        Assert.Equal(1, await _router.Query<long>("select count(*) from account_sites where account_id = @account", new { account }));
    }

    [Theory]
    [InlineData("x<ann@realty.test>")]
    [InlineData("ann(x)@realty.test")]
    [InlineData("\"ann\"@realty.test")]
    [InlineData("ann@realty.test,bob")]
    public async Task Address_ThatMailWouldReadOtherwise_IsNone(string email)
    {
        var site = await _router.CreateSite();
        using var refused = await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/people", new { email });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("is not a valid e-mail address", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Link_ShownToAnOwner_IsNoWayIntoAnotherOwnersSite()
    {
        // Without a mail server whoever invites sees the link, and may be the one who uses it.
        var (mallorys, theirs) = (await _router.CreateSite(), await _router.CreateSite());
        using var mallory = await Owner(mallorys.Id);
        using var victim = await Owner(theirs.Id);
        foreach (var isUsed in new[] { false, true })
        {
            var email = $"{Guid.NewGuid():N}@realty.test";
            var invited = await mallory.Submit(await mallory.Get($"/sites/{mallorys.Id}/people"), "Invite", ("email", email));
            using var stranger = new Browserless(_router.Api.Url);
            if (isUsed)
                await stranger.Submit(
                    await stranger.Get(new Uri(invited.Secret).AbsolutePath), "Save and sign in", ("password", PageClient.Password));
            var refused = await victim.Submit(await victim.Get($"/sites/{theirs.Id}/people"), "Invite", ("email", email));
            Assert.Contains("Only an operator of this router can let this person in", refused.Text, StringComparison.Ordinal);
            // Who asks an operator, as the page says, isn't helped to a stranger either.
            var id = await _router.Query<Guid>("select id from accounts where email = @email", new { email });
            using var given = await _router.Admin.PutAsync($"/api/accounts/{id}/sites/{theirs.Id}", content: null);
            using var added = await _router.Admin.PostAsJsonAsync($"/api/sites/{theirs.Id}/people", new { email });
            Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Conflict), (given.StatusCode, added.StatusCode));
            Assert.Contains("Make it a new link", await given.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            // What the account sees already may be given to it again.
            using var same = await _router.Admin.PutAsync($"/api/accounts/{id}/sites/{mallorys.Id}", content: null);
            Assert.Equal(HttpStatusCode.NoContent, same.StatusCode);

            // Removed: what nobody has used is gone, with its link, and the victim can invite anew.
            await mallory.Submit(await mallory.Get($"/sites/{mallorys.Id}/people"), $"Remove {email}");
            var again = await victim.Submit(await victim.Get($"/sites/{theirs.Id}/people"), "Invite", ("email", email));
            Assert.Equal(isUsed, again.Text.Contains("Only an operator", StringComparison.Ordinal));
            Assert.Contains(
                "This link was used already", (await mallory.Get(new Uri(invited.Secret).AbsolutePath)).Text, StringComparison.Ordinal);
        }

        // An operator's link makes it the person's own again.
        var vouched = $"{Guid.NewGuid():N}@realty.test";
        await mallory.Submit(await mallory.Get($"/sites/{mallorys.Id}/people"), "Invite", ("email", vouched));
        var account = await _router.Query<Guid>("select id from accounts where email = @vouched", new { vouched });
        using var link = await _router.Admin.PostAsync($"/api/accounts/{account}/invitation", content: null);
        var path = (await link.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("path").GetString()!;
        using var person = new Browserless(_router.Api.Url);
        await person.Submit(await person.Get(path), "Save and sign in", ("password", PageClient.Password));
        var let = await victim.Submit(await victim.Get($"/sites/{theirs.Id}/people"), "Invite", ("email", vouched));
        Assert.Contains($"{vouched} sees", let.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Site_GivenAgainByAnOperator_LeavesAViewerAViewer()
    {
        var site = await _router.CreateSite();
        using var viewer = await PageClient.Viewer(_router, site.Id);
        var account = await _router.Query<Guid>(
            "select account_id from account_sites where site_id = @Id", new { site.Id });
        await _router.Admin.PutAsync($"/api/accounts/{account}/sites/{site.Id}", content: null);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.Http.GetAsync($"/sites/{site.Id}/destinations/new")).StatusCode);
        await _router.Admin.PutAsync($"/api/accounts/{account}/sites/{site.Id}?role=owner", content: null);
        Assert.Equal(HttpStatusCode.OK, (await viewer.Http.GetAsync($"/sites/{site.Id}/destinations/new")).StatusCode);
    }

    [Fact]
    public async Task People_OfASite_AreNoMoreThanItsLimit()
    {
        var site = await _router.CreateSite();
        var people = $"/api/sites/{site.Id}/people";
        await _router.Query<object>(
            """
            with made as (
                insert into accounts (id, email, role)
                select gen_random_uuid(), gen_random_uuid() || '@x.test', 'owner' from generate_series(1, 50) returning id)
            insert into account_sites (account_id, site_id) select id, @Id from made
            """, new { site.Id });
        using var refused = await _router.Admin.PostAsJsonAsync(people, new { email = "one-more@x.test" });
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("50 people", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task<Browserless> Owner(Guid site)
    {
        var (_, link) = await PageClient.Invite(_router, "owner", site);
        var browser = new Browserless(_router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        return browser;
    }

    private static string SignOut(string html)
    {
        var from = html.IndexOf("<form method=\"post\" action=\"/sign-out\"", StringComparison.Ordinal);
        return html[from..(html.IndexOf("</form>", from, StringComparison.Ordinal) + "</form>".Length)];
    }
}
