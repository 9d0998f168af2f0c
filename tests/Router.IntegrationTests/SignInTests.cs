using System.Net;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Passwords at the door: which are taken, who is locked out by whom, and what is written down of it.</summary>
public sealed class SignInTests(OperatorRouter shared) : IClassFixture<OperatorRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData("short", "at least 12")]
    [InlineData("aaaabbbbcccc", "too easy")]
    [InlineData("password1234", "too easy")]
    [InlineData("P@ssw0rd2026!", "too easy")]
    [InlineData("qwertyuiop12", "too easy")]
    [InlineData("123456789012", "too easy")]
    [InlineData("abcdefghijklm", "too easy")]
    [InlineData("sunshinesunshine", "too easy")]
    [InlineData("dragonmaster1", "too easy")]
    [InlineData("leadrouter2026", "too easy")]
    [InlineData("kamaaina-homes-1", "too easy")]
    [InlineData("realty.test.owner", "too easy")]
    [InlineData("three blind mice sing", null)]
    [InlineData("9f8b0c1d7e6a", null)]
    [InlineData("пароль из многих слов", null)]
    public async Task Password_ThatIsChosen_IsLongAndNotWellKnown(string password, string? refusal)
    {
        var site = await _router.CreateSite();
        await _router.Query<int>("update sites set name = 'Kamaaina Homes' where id = @Id returning 1", new { site.Id });
        var (_, link) = await PageClient.Invite(_router, "owner", site.Id);
        using var browser = new Browserless(_router.Api.Url);
        var answer = await browser.Submit(await browser.Get(link), "Save and sign in", ("password", password));
        Assert.Equal(refusal is null, answer.Path != link);
        Assert.Contains(refusal ?? "Your password is set", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hash_OfFewerRounds_IsMadeAnewAtTheNextSignInAndEndsNoSession()
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var person = new PageClient(_router);
        await person.Submit(link, ("password", PageClient.Password));
        var old = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = 100_000 }))
            .HashPassword(new object(), PageClient.Password);
        await _router.Query<int>("update accounts set password_hash = @old where email = @email returning 1", new { email, old });
        Assert.Equal(100_000, await Rounds(email));

        using var elsewhere = new PageClient(_router);
        Assert.Equal(HttpStatusCode.Redirect, (await elsewhere.SignIn(email, PageClient.Password)).StatusCode);
        Assert.Equal(220_000, await Rounds(email));
        Assert.Equal(HttpStatusCode.OK, (await person.Http.GetAsync("/account")).StatusCode);
        using var again = new PageClient(_router);
        Assert.Equal(HttpStatusCode.Redirect, (await again.SignIn(email, PageClient.Password)).StatusCode);
    }

    [Fact]
    public async Task Strangers_WhoGuess_LockEachOtherOutAndNobodyWhoseBrowserIsKnown()
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var person = new PageClient(_router);
        await person.Submit(link, ("password", PageClient.Password));
        await person.SignOut();

        using var stranger = new PageClient(_router);
        foreach (var _ in Enumerable.Range(0, 7))
            await stranger.SignIn(email, "a stranger's guess");
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.SignIn(email, PageClient.Password)).StatusCode);
        Assert.Equal(5, await _router.Query<int>("select failed_sign_ins from accounts where email = @email", new { email }));
        Assert.Equal(HttpStatusCode.Redirect, (await person.SignIn(email, PageClient.Password)).StatusCode);

        // Where the account was signed in with is no way to guess either.
        await person.SignOut();
        foreach (var _ in Enumerable.Range(0, 5))
            await person.SignIn(email, "a guess from a known browser");
        Assert.Equal(HttpStatusCode.Unauthorized, (await person.SignIn(email, PageClient.Password)).StatusCode);
    }

    [Fact]
    public async Task Strangers_WithManyAddresses_AreLockedOutTogether()
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var person = new PageClient(_router);
        await person.Submit(link, ("password", PageClient.Password));
        await person.SignOut();
        foreach (var i in Enumerable.Range(0, 5))
        {
            using var one = From($"203.0.113.{i}");
            foreach (var _ in Enumerable.Range(0, 4))
                await one.SignIn(email, "a stranger's guess");
        }

        using var fresh = From("203.0.113.77");
        Assert.Equal(HttpStatusCode.Unauthorized, (await fresh.SignIn(email, PageClient.Password)).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await person.SignIn(email, PageClient.Password)).StatusCode);
        await _router.Query<int>(
            "update accounts set locked_until = now() - interval '1 second' where email = @email returning 1", new { email });
        Assert.Equal(HttpStatusCode.Redirect, (await fresh.SignIn(email, PageClient.Password)).StatusCode);
    }

    /// <summary>A home has 256 networks of 2^64 addresses.</summary>
    [Fact]
    public async Task Strangers_InOneHome_AreOnePlaceWithAllItsIpv6Networks()
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using (var person = new PageClient(_router))
            await person.Submit(link, ("password", PageClient.Password));
        foreach (var i in Enumerable.Range(0, 5))
        {
            using var one = From($"2001:db8:1:a{i:x2}::1");
            await one.SignIn(email, "a stranger's guess");
        }

        using var sixth = From("2001:db8:1:aff::1");
        Assert.Equal(HttpStatusCode.Unauthorized, (await sixth.SignIn(email, PageClient.Password)).StatusCode);
        using var neighbour = From("2001:db8:1:b00::1");
        Assert.Equal(HttpStatusCode.Redirect, (await neighbour.SignIn(email, PageClient.Password)).StatusCode);
    }

    [Fact]
    public async Task Cookie_OfAKnownBrowser_SaysNothingForAnotherAccount()
    {
        using var person = await PageClient.SignedIn(_router, "owner");
        await person.SignOut();
        var (other, link) = await PageClient.Invite(_router, "owner");
        using (var owner = new PageClient(_router))
            await owner.Submit(link, ("password", PageClient.Password));
        foreach (var _ in Enumerable.Range(0, 5))
            await person.SignIn(other, "a stranger's guess");
        Assert.Equal(5, await _router.Query<int>("select failed_sign_ins from accounts where email = @other", new { other }));
    }

    [Fact]
    public async Task Access_OfEachKind_IsWrittenDownWithoutWhatStrangersTyped()
    {
        await WithinAnHour();
        var site = await _router.CreateSite();
        var (email, link) = await PageClient.Invite(_router, "owner", site.Id);
        using var person = new PageClient(_router);
        await person.Submit(link, ("password", PageClient.Password));
        foreach (var _ in Enumerable.Range(0, 3))
            Assert.Equal(HttpStatusCode.Forbidden, (await person.Http.GetAsync("/operator/accounts")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await person.Http.GetAsync($"/sites/{Guid.NewGuid()}")).StatusCode);
        await person.SignOut();
        await person.SignIn(email, "SECRET-but-wrong");
        await person.SignIn("SECRET-in-the-wrong-field", "SECRET");
        await person.SignIn(email, PageClient.Password);

        Assert.Equal(
            ["refused 3 GET /operator/accounts", "refused 1 GET /sites/{site:uuid}", "signed_in 1", "signed_in 1", "signed_out 1",
                "wrong_password 1"], await Access(email));
        Assert.DoesNotContain("SECRET", await _router.Query<string>("select string_agg(l::text, '') from access_log l"),
            StringComparison.Ordinal);
        Assert.True(await _router.Query<bool>(
            "select exists (select from access_log where what = 'wrong_password' and account_id is null and email = '')"));

        // Its own people see it, and operators, who can take it away.
        var page = await (await person.Http.GetAsync("/account/sessions")).Content.ReadAsStringAsync();
        Assert.Contains("a wrong password", page, StringComparison.Ordinal);
        Assert.Contains("not allowed: GET /operator/accounts", page, StringComparison.Ordinal);
        using var @operator = await shared.SignIn();
        Assert.Contains(email, (await @operator.Get($"/operator/audit?show=access&actor={email}")).Text, StringComparison.Ordinal);
        var csv = (await @operator.Get($"/operator/audit?show=access&actor={email}&handler=Csv")).Html;
        Assert.Contains($",{email},wrong_password,password,127.0.0.1,", csv, StringComparison.Ordinal);
        Assert.Equal(7, csv.Trim().Split('\n').Length);
        Assert.Contains("accounts", (await @operator.Get("/operator/audit?handler=Csv")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Access_OfAFlood_IsALimitedNumberOfRows()
    {
        await WithinAnHour();
        var (email, link) = await PageClient.Invite(_router, "owner");
        using (var person = new PageClient(_router))
            await person.Submit(link, ("password", PageClient.Password));
        foreach (var i in Enumerable.Range(0, 30))
        {
            using var one = From($"203.0.113.{i}");
            await one.SignIn(email, "a stranger's guess");
        }

        // The first twenty are looked at, then strangers are locked out; each is one row, and what is beyond them one more.
        Assert.Equal(["locked 10 10", "signed_in 1 1", "wrong_password 20 20"], await Rows(email));
        foreach (var i in Enumerable.Range(30, 15))
        {
            using var one = From($"203.0.113.{i}");
            await one.SignIn(email, "a stranger's guess");
        }

        Assert.Equal(["locked 21 25", "signed_in 1 1", "wrong_password 20 20"], await Rows(email));
    }

    /// <summary>What is counted by the hour must not come in two of them.</summary>
    private static async Task WithinAnHour()
    {
        if (TimeProvider.System.GetUtcNow() is { Minute: 59 } late)
            await Task.Delay(TimeSpan.FromSeconds(61 - late.Second));
    }

    private PageClient From(string address)
    {
        var client = new PageClient(_router);
        // This machine is a proxy that is believed.
        client.Http.DefaultRequestHeaders.Add("X-Forwarded-For", address);
        return client;
    }

    /// <summary>What, how often, and what of.</summary>
    private async Task<string[]> Access(string email) => (await _router.Query<string>(
        "select string_agg(concat_ws(' ', what, count, nullif(detail, '')), E'\n' order by what, detail, id) from access_log "
        + "where email = @email", new { email })).Split('\n');

    /// <summary>What, in how many rows, how often.</summary>
    private async Task<string[]> Rows(string email) => (await _router.Query<string>(
        "select string_agg(concat_ws(' ', what, rows, sum), E'\n' order by what) from "
        + "(select what, count(*) as rows, sum(count) from access_log where email = @email group by what) kinds", new { email }))
        .Split('\n');

    /// <summary>As the hash itself says: after a byte for the format and four for the function.</summary>
    private async Task<int> Rounds(string email)
    {
        var hash = Convert.FromBase64String(
            await _router.Query<string>("select password_hash from accounts where email = @email", new { email }));
        return System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(5));
    }
}
