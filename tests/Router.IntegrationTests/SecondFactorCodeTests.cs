using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Codes of authenticator apps and recovery codes: each is taken once, and who guesses is locked out.</summary>
public sealed class SecondFactorCodeTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private const string StepPath = "/sign-in/second-step";

    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Code_UsedBefore_IsNotTakenAgainNorIsAnOlderOne()
    {
        var (email, app, _) = await _router.OwnerWithApp();
        await _router.LetCodesCountAgain(email);
        var code = app.Code();
        using var first = new Browserless(_router.Api.Url);
        Assert.Equal(200, (await first.SignInWithCode(email, code)).Status);
        using var second = new Browserless(_router.Api.Url);
        var replayed = await second.SignInWithCode(email, code);
        Assert.Equal((401, StepPath), (replayed.Status, replayed.Path));
        Assert.Contains("used already", replayed.Error("code"), StringComparison.Ordinal);
        Assert.Equal(401, (await second.Submit(replayed, "Sign in", ("code", app.Code(steps: -1)))).Status);
        // That the code is right is what the counter of steps alone refuses.
        await _router.LetCodesCountAgain(email);
        Assert.Equal(200, (await second.Submit(replayed, "Sign in", ("code", app.Code()))).Status);
    }

    [Theory]
    [InlineData(-2, 401)]
    [InlineData(-1, 200)]
    [InlineData(1, 200)]
    [InlineData(2, 401)]
    public async Task Code_OfStepsBeforeOrAfterNow_IsTakenOfTheNextOneOnly(int steps, int status)
    {
        var (email, app, _) = await _router.OwnerWithApp();
        int answer;
        long began;
        do
        {
            using var browser = new Browserless(_router.Api.Url);
            var step = await browser.SignIn(email, PageClient.Password);
            await _router.LetCodesCountAgain(email);
            began = HalfMinute();
            answer = (await browser.Submit(step, "Sign in", ("code", app.Code(steps)))).Status;
        }
        // Once more where now was two steps.
        while (began != HalfMinute());

        Assert.Equal(status, answer);

        static long HalfMinute() => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 30;
    }

    [Fact]
    public async Task Code_SentManyTimesAtOnce_SignsInOnce()
    {
        var (email, app, _) = await _router.OwnerWithApp();
        await _router.LetCodesCountAgain(email);
        var code = app.Code();
        // Four, so that the lock isn't what holds them back.
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            using var browser = new Browserless(_router.Api.Url);
            return (await browser.SignInWithCode(email, code)).Status;
        }));
        Assert.Equal([200, 401, 401, 401], answers.Order());
    }

    [Fact]
    public async Task Codes_WrongFiveTimes_LockTheSecondStepForLongerEachTime()
    {
        var (email, app, codes) = await _router.OwnerWithApp();
        using var browser = new Browserless(_router.Api.Url);
        var step = await browser.SignIn(email, PageClient.Password);
        // All at once: five are looked at.
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => browser.Submit(step, "Sign in", ("code", $"00000{i}"))));
        Assert.Equal(5, await Wrong(email));
        await _router.LetCodesCountAgain(email);
        var locked = await browser.Submit(step, "Sign in", ("code", app.Code()));
        Assert.Equal(401, locked.Status);
        Assert.Contains("none is taken for 15 more minutes", locked.Text, StringComparison.Ordinal);
        Assert.Equal("a code of the app: 5, a code that was not looked at, after too many wrong ones: 4", await _router.Query<string>(
            """
            select string_agg(detail || ': ' || count, ', ' order by detail) from access_log
            where what = 'wrong_second_step' and email = @email
            """, new { email }));
        Assert.Equal(401, (await browser.Submit(step, "Sign in with it", ("recovery_code", codes[0]))).Status);

        for (var i = 0; i < 5; i++)
        {
            await Unlock(email);
            await browser.Submit(step, "Sign in with it", ("recovery_code", $"wrong {i}"));
        }

        Assert.Contains("none is taken for 30 more minutes", (await browser.Submit(step, "Sign in", ("code", app.Code()))).Text,
            StringComparison.Ordinal);
        await Unlock(email);
        Assert.Equal(200, (await browser.Submit(step, "Sign in", ("code", app.Code()))).Status);
        Assert.Equal(0, await Wrong(email));
    }

    [Fact]
    public async Task RecoveryCode_Used_IsNotTakenAgainAndIsAudited()
    {
        var (email, _, codes) = await _router.OwnerWithApp();
        using var browser = new Browserless(_router.Api.Url);
        var step = await browser.SignIn(email, PageClient.Password);
        // As somebody types it from paper.
        var typed = codes[3].ToLowerInvariant().Replace('0', 'o').Replace('-', ' ');
        Assert.Equal(200, (await browser.Submit(step, "Sign in with it", ("recovery_code", typed))).Status);
        Assert.Contains("9 codes are left", (await browser.Get("/account/second-factor")).Text, StringComparison.Ordinal);
        Assert.Equal("[10, 9]", await _router.Query<string>(
            "select changes ->> 'codes_left' from audit_log where kind = 'recovery_codes' and action = 'changed' and subject = @email",
            new { email }));

        using var again = new Browserless(_router.Api.Url);
        var refused = await again.Submit(
            await again.SignIn(email, PageClient.Password), "Sign in with it", ("recovery_code", codes[3]));
        Assert.Equal(401, refused.Status);
        Assert.Contains("used already", refused.Error("recovery_code"), StringComparison.Ordinal);

        var renewed = (await browser.Submit(await browser.Get("/account/second-factor"), "Make new codes")).Secret.Split('\n');
        Assert.Equal(401, (await again.Submit(refused, "Sign in with it", ("recovery_code", codes[4]))).Status);
        Assert.Equal(200, (await again.Submit(refused, "Sign in with it", ("recovery_code", renewed[4]))).Status);
    }

    [Fact]
    public async Task RecoveryCode_OfSomebodyElse_IsNotTaken()
    {
        var (email, _, _) = await _router.OwnerWithApp();
        var (_, _, others) = await _router.OwnerWithApp();
        using var browser = new Browserless(_router.Api.Url);
        var step = await browser.SignIn(email, PageClient.Password);
        Assert.Equal(401, (await browser.Submit(step, "Sign in with it", ("recovery_code", others[0]))).Status);
    }

    private Task<int> Wrong(string email) => _router.Query<int>(
        "select coalesce(max(count), 0) from wrong_codes where account_id = (select id from accounts where email = @email)", new { email });

    /// <summary>As if the lock were over.</summary>
    private Task Unlock(string email) => _router.Execute(
        "update wrong_codes set locked_until = now() where account_id = (select id from accounts where email = @email)", email);
}
