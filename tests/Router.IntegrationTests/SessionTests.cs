using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Sessions on the pages: where they begin, what they know, and all that ends them.</summary>
public sealed class SessionTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Cookie_CopiedBeforeTheSignOut_IsWorthNothingAfterIt()
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var person = new PageClient(_router);
        await person.Submit(link, ("password", PageClient.Password));
        using var thief = Copy(person);
        Assert.Equal(HttpStatusCode.OK, (await thief.Http.GetAsync("/account")).StatusCode);

        Assert.Equal("/sign-in", (await person.SignOut()).Headers.Location?.OriginalString);
        Assert.Equal(HttpStatusCode.Redirect, (await thief.Http.GetAsync("/account")).StatusCode);
        Assert.Equal("signed_out", await _router.Query<string>(
            "select s.end_reason from sessions s join accounts a on a.id = s.account_id where a.email = @email", new { email }));
    }

    [Fact]
    public async Task Session_OfABrowserThatSignsInAnew_EndsWithItsCookie()
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var person = new PageClient(_router);
        await person.Submit(link, ("password", PageClient.Password));
        using var before = Copy(person);
        await person.SubmitFrom("/account", "/sign-in", ("email", email), ("password", PageClient.Password));
        Assert.Equal(HttpStatusCode.OK, (await person.Http.GetAsync("/account")).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await before.Http.GetAsync("/account")).StatusCode);
        Assert.Equal("replaced", await _router.Query<string>(
            "select s.end_reason from sessions s join accounts a on a.id = s.account_id where a.email = @email and how = 'invitation'",
            new { email }));
    }

    [Theory]
    [InlineData("last_seen_at = now() - interval '119 minutes'", null)]
    [InlineData("last_seen_at = now() - interval '2 hours'", "You were signed out after 2 hours without use.")]
    [InlineData("started_at = now() - interval '719 minutes'", null)]
    [InlineData("started_at = now() - interval '12 hours'", "12 hours after you sign in")]
    public async Task Session_BeyondALimit_IsOverAndTheSignInPageSaysWhy(string change, string? sentence)
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var browser = new Browserless(_router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        await Update(email, change);

        var page = await browser.Get("/account");
        Assert.Equal(sentence is null ? "/account" : "/sign-in", page.Path);
        Assert.Contains(sentence ?? email, page.Text, StringComparison.Ordinal);
        // Told once.
        if (sentence is not null)
            Assert.DoesNotContain(sentence, (await browser.Get("/sign-in")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Session_ThatIsUsed_SaysSoOnceAMinute()
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var person = new PageClient(_router);
        await person.Submit(link, ("password", PageClient.Password));
        await Update(email, "last_seen_at = now() - interval '50 seconds'");
        var before = await Seen(email);
        await person.Http.GetAsync("/account");
        Assert.Equal(before, await Seen(email));

        await Update(email, "last_seen_at = now() - interval '61 seconds', address = null");
        person.Http.DefaultRequestHeaders.UserAgent.ParseAdd("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0");
        await person.Http.GetAsync("/account");
        Assert.Equal("t 127.0.0.1 invitation", await _router.Query<string>(
            "select concat_ws(' ', s.last_seen_at > now() - interval '10 seconds', s.address, s.how) "
            + "from sessions s join accounts a on a.id = s.account_id where a.email = @email", new { email }));
    }

    [Fact]
    public async Task Session_OfAStampThatChangedMeanwhile_NeverBegins()
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var person = new PageClient(_router);
        await person.Submit(link, ("password", PageClient.Password));
        // By hand, as a host of the version before does it.
        Assert.NotEqual(Guid.Empty, await _router.Query<Guid>(
            "update accounts set stamp = gen_random_uuid() where email = @email returning stamp", new { email }));
        Assert.Equal(HttpStatusCode.Redirect, (await person.Http.GetAsync("/account")).StatusCode);
        Assert.Equal("password", await _router.Query<string>(
            "select s.end_reason from sessions s join accounts a on a.id = s.account_id where a.email = @email", new { email }));
    }

    [Fact]
    public async Task Sessions_MoreThanAnAccountMayHave_EndTheOneThatWasUsedLeastLately()
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var first = new PageClient(_router);
        await first.Submit(link, ("password", PageClient.Password));
        await _router.Query<int>(
            """
            insert into sessions (id, account_id, token_sha256, how, browser)
            select gen_random_uuid(), a.id, sha256(gen_random_uuid()::text::bytea), 'password', 'a browser'
            from accounts a, generate_series(1, 49) where a.email = @email
            returning 1
            """, new { email });
        Assert.Equal(HttpStatusCode.OK, (await first.Http.GetAsync("/account")).StatusCode);
        await Update(email, "last_seen_at = now() - interval '30 seconds'", "how = 'invitation'");

        using var second = new PageClient(_router);
        await second.SignIn(email, PageClient.Password);
        Assert.Equal(HttpStatusCode.OK, (await second.Http.GetAsync("/account")).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await first.Http.GetAsync("/account")).StatusCode);
        Assert.Equal(50, await _router.Query<long>(
            "select count(*) from sessions s join accounts a on a.id = s.account_id where a.email = @email and s.ended_at is null",
            new { email }));
    }

    [Fact]
    public async Task Sessions_OnTheirPage_EndOneByOneOrAllButThisOne()
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var here = new Browserless(_router.Api.Url);
        await here.Submit(await here.Get(link), "Save and sign in", ("password", PageClient.Password));
        using var phone = new PageClient(_router);
        phone.Http.DefaultRequestHeaders.UserAgent.ParseAdd(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1");
        await phone.SignIn(email, PageClient.Password);
        using var third = new PageClient(_router);
        await third.SignIn(email, PageClient.Password);

        var page = await here.Get("/account/sessions");
        Assert.Contains("Safari on iPhone", page.Text, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(page.Text, "this one"));
        page = await here.Submit(page, "Sign out Safari on iPhone, 127.0.0.1");
        Assert.Contains("Signed out there.", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Sign out Safari", page.Html, StringComparison.Ordinal);
        var sent = await phone.Http.GetAsync("/account");
        Assert.Equal(HttpStatusCode.Redirect, sent.StatusCode);
        Assert.Contains("You were signed out from another browser.", await phone.Http.GetStringAsync(sent.Headers.Location),
            StringComparison.Ordinal);

        page = await here.Submit(page, "Sign out everywhere else");
        Assert.Equal("/account/sessions", page.Path);
        Assert.DoesNotContain("Sign out everywhere else", page.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await third.Http.GetAsync("/account")).StatusCode);
        Assert.Equal(200, (await here.Get("/account")).Status);
    }

    [Fact]
    public async Task Session_OfSomebodyElse_CantBeEndedOnOnesOwnPage()
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var victim = new PageClient(_router);
        await victim.Submit(link, ("password", PageClient.Password));
        var session = await _router.Query<Guid>(
            "select s.id from sessions s join accounts a on a.id = s.account_id where a.email = @email", new { email });
        using var other = await PageClient.SignedIn(_router, "operator");
        await other.SubmitFrom("/account", "/account/sessions?handler=End", ("session", $"{session}"));
        Assert.Equal(HttpStatusCode.OK, (await victim.Http.GetAsync("/account")).StatusCode);
    }

    [Fact]
    public async Task Sessions_OfAnAccount_AreSeenAndEndedByOperators()
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        var account = await _router.Query<Guid>("select id from accounts where email = @email", new { email });
        using var person = new PageClient(_router);
        await person.Submit(link, ("password", PageClient.Password));
        using var second = new PageClient(_router);
        await second.SignIn(email, PageClient.Password);
        var listed = (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/accounts/{account}/sessions")).GetProperty("items")
            .EnumerateArray().ToList();
        Assert.Equal(["password", "invitation"], listed.Select(one => one.GetProperty("how").GetString()));
        Assert.DoesNotContain("token", listed[0].GetRawText(), StringComparison.Ordinal);

        var path = $"/api/accounts/{account}/sessions/{listed[1].GetProperty("id").GetGuid()}";
        Assert.Equal(HttpStatusCode.NotFound, (await _router.Admin.DeleteAsync(
            path.Replace($"{account}", $"{Guid.NewGuid()}", StringComparison.Ordinal))).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await _router.Admin.DeleteAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _router.Admin.DeleteAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await person.Http.GetAsync("/account")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await second.Http.GetAsync("/account")).StatusCode);

        using var @operator = await PageClient.SignedIn(_router, "operator");
        await @operator.Submit("/operator/accounts?handler=SignOut", ("account", $"{account}"));
        var sent = await second.Http.GetAsync("/account");
        Assert.Contains("An operator of this router has signed you out.", await second.Http.GetStringAsync(sent.Headers.Location),
            StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, (await _router.Admin.DeleteAsync($"/api/accounts/{account}/sessions")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _router.Admin.DeleteAsync($"/api/accounts/{Guid.NewGuid()}/sessions")).StatusCode);
    }

    [Theory]
    [InlineData(false, HttpStatusCode.OK, "Your API tokens go on.")]
    [InlineData(true, HttpStatusCode.Unauthorized, "Your API tokens are revoked.")]
    public async Task Tokens_WhenThePasswordIsChanged_GoOnUnlessTheFormSaysOtherwise(
        bool revoke, HttpStatusCode expected, string sentence)
    {
        using var person = await PageClient.SignedIn(_router, "operator");
        using var api = new HttpClient { BaseAddress = _router.Api.Url };
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await person.MakeToken());
        Assert.Contains("Your API token goes on.", await person.Http.GetStringAsync("/account/password"), StringComparison.Ordinal);
        await person.Submit(
            "/account/password", ("current_password", PageClient.Password), ("password", "quite another password"),
            ("revoke_tokens", revoke ? "true" : "false"));
        Assert.Equal(expected, (await api.GetAsync("/api/sites")).StatusCode);
        Assert.Contains(sentence, await person.Http.GetStringAsync("/account/password"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_OfWhatIsOver_AreForgotten()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 0);
        using var person = await PageClient.SignedIn(router, "owner");
        await router.Query<int>(
            """
            insert into sessions (id, account_id, token_sha256, how, browser, last_seen_at, ended_at, end_reason)
            select gen_random_uuid(), a.id, sha256(d::text::bytea), 'password', 'old ' || d, now() - d * interval '1 day',
                   case when d < 59 then now() - d * interval '1 day' end, case when d < 59 then 'signed_out' end
            from (select id from accounts limit 1) a, unnest(array[29, 31, 59, 61]) d
            returning 1
            """);
        await router.Query<int>(
            """
            insert into access_log (hour, what, email, how, address, browser, detail)
            select date_trunc('hour', now()) - d * interval '1 day', 'signed_in', '', '', '', 'old ' || d, '' from unnest(array[364, 366]) d
            returning 1
            """);
        await router.Host("Router.Worker").Ready();
        await Eventually.Equal("old 29, old 59", () => router.Query<string>(
            "select string_agg(browser, ', ' order by browser) from sessions where browser like 'old%'"), "what is over is forgotten");
        await Eventually.Equal("old 364", () => router.Query<string>(
            "select string_agg(browser, ', ') from access_log where browser like 'old%'"), "so are old sign-ins");
        Assert.Equal(HttpStatusCode.OK, (await person.Http.GetAsync("/account")).StatusCode);
    }

    private PageClient Copy(PageClient person)
    {
        var copy = new PageClient(_router);
        copy.Cookies.Add(person.Cookies.GetAllCookies());
        return copy;
    }

    private Task<DateTime> Seen(string email) => _router.Query<DateTime>(
        "select s.last_seen_at from sessions s join accounts a on a.id = s.account_id where a.email = @email", new { email });

    private Task<int> Update(string email, string change, string only = "true") => _router.Query<int>(
        $"with changed as (update sessions s set {change} from accounts a where a.id = s.account_id and a.email = @email and {only} "
        + "returning 1) select count(*)::int from changed", new { email });
}
