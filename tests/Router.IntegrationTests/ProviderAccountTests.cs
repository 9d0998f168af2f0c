using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Accounts of people who sign in at a provider: what claims make of them, and who there is connected with which.</summary>
[Collection(typeof(SignInsAtAProvider))]
public sealed class ProviderAccountTests(ProviderRouter shared)
{
    private readonly RouterFixture _router = shared.Router;
    private readonly OpenIdProvider _provider = shared.Provider;

    [Fact]
    public async Task Operator_ByAClaim_IsOneUntilASignInWithoutIt()
    {
        var (name, email) = await shared.Person(verified: true);
        await shared.Invite(email);
        await _provider.Change(name, email, groups: ["staff", "router-operators"]);
        using var browser = shared.Browser();
        await browser.SignIn(name);
        Assert.Equal(200, (await browser.Get("/operator")).Status);
        Assert.Contains("operator", await Audited("accounts", email), StringComparison.Ordinal);

        await _provider.Change(name, email, groups: ["staff"]);
        await browser.SignIn(name);
        Assert.Equal(403, (await browser.Get("/operator")).Status);
        Assert.Contains("\"role\": [\"operator\", \"owner\"]", await Audited("accounts", email), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Operator_MadeHere_StaysOneWithoutAClaim()
    {
        var (name, email) = await shared.Person(verified: true);
        await shared.Invite(email, role: "operator");
        using var browser = shared.Browser();
        await browser.SignIn(name);
        Assert.Equal(200, (await browser.Get("/operator")).Status);
    }

    [Fact]
    public async Task Sites_OfClaims_ComeAndGoAndLeaveAloneWhatPeopleGave()
    {
        var sites = new[] { await _router.CreateSite(), await _router.CreateSite(), await _router.CreateSite() };
        var title = $"Site {Guid.NewGuid():N}";
        await _router.Admin.PatchAsJsonAsync($"/api/sites/{sites[1].Id}", new { name = title });
        var (name, email) = await shared.Person(verified: true);
        await shared.Invite(email, sites[2].Id);
        await _provider.Change(name, email, sites: [$"{sites[0].Id}", $"{title}:viewer", $"{sites[2].Id}:viewer", "no such site"]);

        using var browser = shared.Browser();
        await browser.SignIn(name);
        Assert.Equal(
            [(sites[0].Id, "owner"), (sites[1].Id, "viewer"), (sites[2].Id, "owner")],
            (await Access(email)).OrderBy(one => Array.FindIndex(sites, site => site.Id == one.Site)));
        Assert.Contains(ProviderRouter.Name, await Audited("account_sites", email, "actor"), StringComparison.Ordinal);
        // An owner of the site can't change what would come back.
        var account = await _router.Query<Guid>("select id from accounts where email = @email", new { email });
        using (var refused = await _router.Admin.DeleteAsync($"/api/sites/{sites[0].Id}/people/{account}"))
            Assert.Contains("it is changed there", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        // What an operator gives by hand is people's from then on.
        await _router.Admin.PutAsync($"/api/accounts/{account}/sites/{sites[1].Id}?role=owner", content: null);

        await _provider.Change(name, email, sites: []);
        await browser.SignIn(name);
        Assert.Equal(
            [(sites[1].Id, "owner"), (sites[2].Id, "owner")],
            (await Access(email)).OrderBy(one => Array.FindIndex(sites, site => site.Id == one.Site)));
    }

    [Fact]
    public async Task Account_WhoseLinkAnOwnerSaw_LosesThePasswordThatWasChosenWithIt()
    {
        var site = await _router.CreateSite();
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var (name, email) = await shared.Person(verified: true);
        var page = await (await owner.Submit($"/sites/{site.Id}/people?handler=Add", ("email", email), ("role", "viewer")))
            .Content.ReadAsStringAsync();
        page += await owner.Http.GetStringAsync($"/sites/{site.Id}/people");
        var link = Regex.Match(page, "/invitation/[A-Za-z0-9_-]+").Value;
        // The owner uses it, and waits for more rights to come.
        using var guest = new PageClient(_router);
        await guest.Submit(link, ("password", PageClient.Password));
        using (var early = new PageClient(_router))
            Assert.Equal("/", (await early.SignIn(email, PageClient.Password)).Headers.Location!.OriginalString);
        using var token = new HttpClient { BaseAddress = _router.Api.Url };
        token.DefaultRequestHeaders.Authorization = new("Bearer", await guest.MakeToken());
        Assert.Equal(System.Net.HttpStatusCode.OK, (await token.GetAsync("/api/sites")).StatusCode);
        await _router.Query<int>(
            """
            insert into passkeys (id, account_id, name, credential_id, public_key, sign_count, asked_at)
            select gen_random_uuid(), id, 'theirs', convert_to(email, 'utf8'), 'key', 0, now() from accounts where email = @email
            returning 1
            """, new { email });

        using var browser = shared.Browser();
        Assert.Equal($"/sites/{site.Id}", (await browser.SignIn(name)).Path);
        using var late = new PageClient(_router);
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await late.SignIn(email, PageClient.Password)).StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await token.GetAsync("/api/sites")).StatusCode);
        Assert.Equal(0, await _router.Query<long>(
            "select count(*) from passkeys where account_id = (select id from accounts where email = @email)", new { email }));
        // And is signed out.
        Assert.Contains("/sign-in", (await guest.Http.GetAsync("/")).Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Account_ThatIsDisabledHere_StaysOutUntilAnOperatorMakesALink()
    {
        var (name, email) = await shared.Person(verified: true);
        await shared.Invite(email);
        using (var browser = shared.Browser())
            await browser.SignIn(name);
        var account = await _router.Query<Guid>("select id from accounts where email = @email", new { email });
        await _router.Admin.DeleteAsync($"/api/accounts/{account}");

        // Not even with a claim.
        await _provider.Change(name, email, groups: ["router-operators"]);
        using (var browser = shared.Browser())
        {
            Assert.Contains("your account here is disabled", (await browser.SignIn(name)).Text, StringComparison.Ordinal);
            await browser.AssertSignedOut();
            Assert.Equal("to sign in with the provider (disabled)", await _router.Query<string>(
                "select detail from access_log where account_id = @account and what = 'refused' and how = 'oidc'", new { account }));
        }

        Assert.Equal("owner", await _router.Query<string>("select role from accounts where email = @email", new { email }));
        await _router.Admin.PostAsync($"/api/accounts/{account}/invitation", content: null);
        using (var browser = shared.Browser())
            Assert.DoesNotContain("not signed in", (await browser.SignIn(name)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Person_WithAnotherAddressThere_IsConnectedFromTheSignedInAccount()
    {
        var name = $"p{Guid.NewGuid():N}";
        await _provider.Add(name, $"{name}@elsewhere.test", verified: false);
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var browser = shared.Browser();
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));

        // A link that somebody has sent connects nothing.
        Assert.Equal("/account/provider", (await browser.Get("/sign-in/with-provider?connect=forged")).Path);
        var page = await browser.Submit(await browser.Get("/account/provider"), $"Connect with {ProviderRouter.Name}");
        var callback = await browser.Callback(name, ProviderVisitor.Onward(page).PathAndQuery);
        page = await browser.Follow(callback);
        Assert.Equal("/account/provider", page.Path);
        Assert.True(page.Text.Contains("Disconnect", StringComparison.Ordinal), page.Text);

        using var fresh = shared.Browser();
        Assert.Contains(email, (await fresh.SignIn(name)).Text, StringComparison.Ordinal);
        page = await browser.Submit(page, "Disconnect");
        Assert.Contains("Connect with", page.Text, StringComparison.Ordinal);
        using var late = shared.Browser();
        Assert.Contains("has not verified", (await late.SignIn(name)).Text, StringComparison.Ordinal);
    }

    /// <summary>Somebody else has once been in the account and connected an account of their own there.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connection_OfAThief_EndsWithTheLinkThatTheOwnerGets(bool isDisabledFirst)
    {
        var thief = $"p{Guid.NewGuid():N}";
        await _provider.Add(thief, $"{thief}@elsewhere.test", verified: true);
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var browser = shared.Browser();
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        var page = await browser.Submit(await browser.Get("/account/provider"), $"Connect with {ProviderRouter.Name}");
        await browser.Follow(await browser.Callback(thief, ProviderVisitor.Onward(page).PathAndQuery));
        var account = await _router.Query<Guid>("select id from accounts where email = @email", new { email });

        if (isDisabledFirst)
            (await _router.Admin.DeleteAsync($"/api/accounts/{account}")).EnsureSuccessStatusCode();
        using var made = await _router.Admin.PostAsync($"/api/accounts/{account}/invitation", content: null);
        var renewed = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("path").GetString()!;
        if (isDisabledFirst)
            await AssertStaysOut();

        // The thief has not used up the link.
        using var owner = shared.Browser();
        page = await owner.Submit(await owner.Get(renewed), "Save and sign in", ("password", "another battery staple"));
        Assert.Contains(email, page.Text, StringComparison.Ordinal);
        await AssertStaysOut();

        async Task AssertStaysOut()
        {
            using var again = shared.Browser();
            Assert.Contains("nobody has invited", (await again.SignIn(thief)).Text, StringComparison.Ordinal);
            await again.AssertSignedOut();
        }
    }

    [Fact]
    public async Task Wish_ToConnect_IsOfTheAccountThatIsSignedInAlone()
    {
        var (name, _) = await shared.Person(verified: false);
        using var browser = await Owner();
        var leaves = ProviderVisitor.Onward(
            await browser.Submit(await browser.Get("/account/provider"), $"Connect with {ProviderRouter.Name}")).PathAndQuery;

        // Somebody else who is led there connects neither account.
        using var other = await Owner();
        Assert.Equal("/account/provider", (await other.Get(leaves)).Path);
        // Nor does anybody, once the one who has left from here is signed out.
        var callback = await browser.Callback(name, leaves);
        await browser.Submit(await browser.Get("/account"), "Sign out");
        Assert.Contains("did not work", (await browser.Follow(callback)).Text, StringComparison.Ordinal);
        await browser.AssertSignedOut();
        using var fresh = shared.Browser();
        Assert.Contains("has not verified", (await fresh.SignIn(name)).Text, StringComparison.Ordinal);

        async Task<ProviderVisitor> Owner()
        {
            var (_, link) = await PageClient.Invite(_router, "owner");
            var owner = shared.Browser();
            await owner.Submit(await owner.Get(link), "Save and sign in", ("password", PageClient.Password));
            return owner;
        }
    }

    private Task<string> Audited(string kind, string email, string column = "changes") => _router.Query<string>(
        $"select string_agg({column}::text, ' ') from audit_log where kind = @kind and subject = @email", new { kind, email });

    private async Task<IEnumerable<(Guid Site, string Role)>> Access(string email)
    {
        await using var database = await _router.OpenDatabase();
        return await Dapper.SqlMapper.QueryAsync<(Guid, string)>(
            database,
            "select s.site_id, s.role from account_sites s join accounts a on a.id = s.account_id where a.email = @email", new { email });
    }
}
