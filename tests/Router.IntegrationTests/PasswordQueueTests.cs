using Dapper;
using Npgsql;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Passwords are checked one after the other, and few wait. Whoever fills a queue keeps out their like, and nobody else.</summary>
public sealed class PasswordQueueTests(TestServers servers)
{
    private const string Guess = "a guess at it";

    [Fact]
    public async Task Strangers_WhoFillTheirQueue_KeepNobodyOutWhoIsKnown()
    {
        await using var router = await Start();
        var (email, known) = await Owner(router);
        await known.Submit(await known.Get("/account"), "Sign out");
        var (_, present) = await Owner(router);
        var (guessed, _) = await PageClient.Invite(router, "owner");
        using var stranger = new Browserless(router.Api.Url);

        await using var holder = await router.OpenDatabase();
        await using var held = await Hold(holder, guessed);
        var guesses = await UntilOneIsRefused(stranger, guessed);
        Assert.Equal(429, (await stranger.SignIn(email, PageClient.Password)).Status);
        Assert.Equal("/", (await known.SignIn(email, PageClient.Password)).Path);
        var confirmed = await present.Submit(
            await present.Get("/confirm?return=/account/tokens"), "Confirm", ("confirm_password", PageClient.Password));
        Assert.Equal((200, "/account/tokens"), (confirmed.Status, confirmed.Path));

        await held.RollbackAsync(TestContext.Current.CancellationToken);
        await Task.WhenAll(guesses);
    }

    /// <summary>Nor does somebody whom we know, however many browsers they have signed in with.</summary>
    [Fact]
    public async Task Account_ThatFillsItsShare_KeepsNobodyElseOut()
    {
        await using var router = await Start();
        var (email, known) = await Owner(router);
        var (busy, one) = await Owner(router);
        using var another = new Browserless(router.Api.Url);
        Assert.Equal("/", (await another.SignIn(busy, PageClient.Password)).Path);
        foreach (var browser in new[] { known, one, another })
            await browser.Submit(await browser.Get("/account"), "Sign out");

        await using var holder = await router.OpenDatabase();
        await using var held = await Hold(holder, busy);
        var guesses = await UntilOneIsRefused(one, busy);
        Assert.Equal(429, (await another.SignIn(busy, PageClient.Password)).Status);
        Assert.Equal("/", (await known.SignIn(email, PageClient.Password)).Path);

        await held.RollbackAsync(TestContext.Current.CancellationToken);
        await Task.WhenAll(guesses);
    }

    // All that wait have a connection here, as what they wait for is in Postgres.
    private Task<RouterFixture> Start() => RouterFixture.Start(servers, workers: 0, ("Database:MaxPoolSize", "80"));

    private static async Task<(string Email, Browserless Browser)> Owner(RouterFixture router)
    {
        var site = await router.CreateSite();
        var (email, link) = await PageClient.Invite(router, "owner", site.Id, (await router.CreateSite()).Id);
        var browser = new Browserless(router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        return (email, browser);
    }

    /// <summary>Tries of that account's password wait to be counted.</summary>
    private static async Task<NpgsqlTransaction> Hold(NpgsqlConnection holder, string email)
    {
        var held = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await holder.ExecuteAsync("select from accounts where email = @email for update", new { email });
        return held;
    }

    private static async Task<List<Task<Browsed>>> UntilOneIsRefused(Browserless browser, string email)
    {
        var page = await browser.Get("/sign-in");
        var guesses = Enumerable.Range(0, 45)
            .Select(_ => browser.Submit(page, "Sign in", ("email", email), ("password", Guess))).ToList();
        await Eventually.True(
            () => guesses.Exists(guess => guess is { IsCompletedSuccessfully: true, Result.Status: 429 }), "the queue is full");
        return guesses;
    }
}
