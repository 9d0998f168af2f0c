using System.Net;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Sessions on the pages: where they begin, what they know, and all that ends them.</summary>
public sealed class SessionTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Cookie_CopiedBeforeTheSignOut_IsWorthNothingAfterIt()
    {
        using var person = await PageClient.SignedIn(_router, "owner");
        using var thief = Copy(person);
        Assert.Equal(HttpStatusCode.OK, (await thief.Http.GetAsync("/account")).StatusCode);

        Assert.Equal("/sign-in", (await person.SignOut()).Headers.Location?.OriginalString);
        Assert.Equal(HttpStatusCode.Redirect, (await thief.Http.GetAsync("/account")).StatusCode);
        Assert.Equal("signed_out", await _router.Query<string>("select end_reason from sessions order by started_at desc limit 1"));
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
