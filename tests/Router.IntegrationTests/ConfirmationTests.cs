using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What is about secrets, or about who may do what, needs more than a browser where somebody is signed in.</summary>
public sealed class ConfirmationTests(OperatorRouter shared) : IClassFixture<OperatorRouter>
{
    /// <summary>Handlers that ask for the password first: secrets, credentials, tokens, people and what they may, erasure.</summary>
    private const string Confirmed = """
        Operator.Accounts: PostDisable PostFactors PostInvite PostLink
        Operator.Integration: Post PostHeader
        Operator.NewIntegration: Post
        Operator.NewSite: Post
        Operator.Person: Post PostErase PostExport
        Operator.Product: Post PostNetworks PostRotate
        Operator.Products: PostCreate PostPassword
        Operator.Promote: Post
        Operator.SetAsideMessage: PostShow
        Operator.Site: Post PostAllow
        Sites.AccessTokens: Post PostRemove
        Sites.Certificate: Post PostRemove
        Sites.Connect: Post
        Sites.Destination: Post PostKey
        Sites.EraseLead: Post
        Sites.Headers: PostBasic PostBearer PostHeader PostRemove
        Sites.NewDestination: Post
        Sites.People: PostAdd PostLink PostRemove PostRole
        Sites.Person: PostErase PostExport
        Sites.RotateSecret: Post
        YourAccount.AuthenticatorApp: Post
        YourAccount.NewPasskey: Post
        YourAccount.Provider: PostConnect PostDisconnect
        YourAccount.SecondFactor: PostCodes PostRemoveApp PostRemovePasskey
        YourAccount.Tokens: PostToken
        """;

    /// <summary>All others that change something: each was decided about, too.</summary>
    private const string Free = """
        Confirm: Post
        Invitation: Post
        LostPassword: Post
        Operator.Accounts: PostSignOut
        Operator.DeadLetters: PostAll PostReplay
        Operator.Format: Post PostPreview
        Operator.Integration: PostGenerate PostPublish
        Operator.NewIntegration: PostGenerate
        Operator.NewSite: PostGenerate
        Operator.Product: PostEnd
        Operator.Promote: PostGenerate
        Operator.SetAside: PostDelete PostSend PostSendAll
        Operator.SetAsideMessage: PostCorrect
        Operator.Site: PostForbid PostLimit PostMayHave
        SecondStep: PostCode PostPasskey PostRecovery
        SignIn: Post PostPasskey
        SignOut: Post
        Sites.Answers: Post PostPreview
        Sites.DeleteDestination: Post
        Sites.Deliveries: PostReplay
        Sites.Delivery: PostReplay
        Sites.Destination: PostActive PostPause PostTest PostTryNow
        Sites.Filter: Post PostPreview
        Sites.Mapping: Post PostJson PostOwn PostPreview PostTest
        Sites.Missed: Post
        Sites.NewDestination: PostGenerate
        Sites.Overview: PostActive PostRequireProven
        Sites.Pace: Post
        Sites.Person: Post
        Sites.RefusedLead: PostAccept PostDelete PostShow
        Sites.RefusedLeads: PostAccept PostDelete
        Sites.Replay: PostCancel
        Sites.Senders: PostLetIn PostWithdraw
        Sites.SwitchOff: Post
        Unsubscribe: Post
        YourAccount.Password: Post
        YourAccount.Sessions: PostEnd PostEndOthers
        YourAccount.Settings: PostAlerts PostTestMail PostTimeZone
        YourAccount.Tokens: PostRevoke
        """;

    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public void Handlers_OfEveryPage_WereDecidedAbout()
    {
        Assert.Equal(Lines(Confirmed), Handlers(isConfirmed: true));
        Assert.Equal(Lines(Free), Handlers(isConfirmed: false));
    }

    [Fact]
    public async Task Form_SentLongAfterTheSignIn_GoesOnOnceThePasswordWasGiven()
    {
        var (email, browser) = await Owner();
        await Age(email, "11 minutes");
        var asked = await browser.Submit(
            await browser.Get("/account/tokens"), "Make a token", ("name", "for \"reports\" & more"), ("days", "30"));
        Assert.Equal("/confirm", asked.Path);
        Assert.Equal("for \"reports\" & more", asked.Field("name"));

        var wrong = await browser.Submit(asked, "Confirm", ("confirm_password", "not the password"));
        Assert.Equal((422, "/confirm"), (wrong.Status, wrong.Path));
        Assert.Equal("This is not your present password.", wrong.Error("confirm_password"));
        Assert.Equal(0, await Tokens(email));

        var made = await browser.Submit(wrong, "Confirm", ("confirm_password", PageClient.Password));
        Assert.Equal("/account/tokens", made.Path);
        Assert.StartsWith("lr_", made.Secret, StringComparison.Ordinal);
        Assert.Equal("for \"reports\" & more", await _router.Query<string>(
            "select t.name from api_tokens t join accounts a on a.id = t.account_id where a.email = @email", new { email }));
        // For a while it isn't asked for again.
        Assert.Equal("/account/tokens", (await browser.Submit(made, "Make a token", ("name", "another"))).Path);
        Assert.Equal(2, await Tokens(email));
    }

    [Theory]
    [InlineData("9 minutes", "/account/tokens")]
    [InlineData("11 minutes", "/confirm")]
    public async Task Confirmation_AsOldAsTheLimitSays_IsAskedForAgain(string age, string path)
    {
        var (email, browser) = await Owner();
        await Age(email, age);
        Assert.Equal(path, (await browser.Submit(await browser.Get("/account/tokens"), "Make a token", ("name", "t"))).Path);
    }

    [Fact]
    public async Task Confirmation_WrongFiveTimes_IsNotLookedAtAnyMoreAndLocksNobodyOutElsewhere()
    {
        var (email, browser) = await Owner();
        await Age(email, "11 minutes");
        var asked = await browser.Submit(await browser.Get("/account/tokens"), "Make a token", ("name", "t"));
        foreach (var _ in Enumerable.Range(0, 5))
            Assert.Equal("This is not your present password.",
                (await browser.Submit(asked, "Confirm", ("confirm_password", "a guess at it"))).Error("confirm_password"));
        var locked = await browser.Submit(asked, "Confirm", ("confirm_password", PageClient.Password));
        Assert.StartsWith("Too many were wrong.", locked.Error("confirm_password"), StringComparison.Ordinal);
        // The same count stands before the password is changed.
        var change = await browser.Submit(
            await browser.Get("/account/password"), "Change password", ("current_password", PageClient.Password),
            ("password", "quite another password"));
        Assert.StartsWith("Too many were wrong.", change.Error("current_password"), StringComparison.Ordinal);
        Assert.Equal(0, await Tokens(email));

        using var elsewhere = new Browserless(_router.Api.Url);
        Assert.Equal(200, (await elsewhere.SignIn(email, PageClient.Password)).Status);
    }

    [Fact]
    public async Task Link_ToConfirmWhatNobodySent_SendsNothing()
    {
        var (email, browser) = await Owner();
        await Age(email, "11 minutes");
        // Made up, or of somebody else's session.
        foreach (var link in new[] { "/confirm?again=%2Faccount%2Ftokens%3Fhandler%3DToken", "/confirm?return=%2F%2Fevil.test" })
        {
            var page = await browser.Get(link);
            Assert.Equal(200, page.Status);
            Assert.Equal("/", (await browser.Submit(page, "Confirm", ("confirm_password", PageClient.Password))).Path);
        }

        Assert.Equal(0, await Tokens(email));
    }

    [Fact]
    public async Task Page_ThatIsAboutLeadsAlone_IsNotAskedFor()
    {
        using var browser = await shared.SignIn();
        var site = await _router.CreateSite();
        await Age(RouterFixture.OperatorsEmail, "11 minutes");
        var saved = await browser.Submit(
            await browser.Get($"/sites/{site.Id}/destinations/{site.LeadManager.Id}/pace"), "Save", ("timeout", "7"));
        Assert.Contains("Saved. It is in force", saved.Text, StringComparison.Ordinal);
        var product = await browser.Submit(
            await browser.Get("/operator/products"), "Add it and show its password", ("username", $"p-{site.Id:N}"), ("display_name", "p"));
        Assert.Equal("/confirm", product.Path);
        Assert.Equal($"p-{site.Id:N}", product.Field("username"));
    }

    private static List<string> Lines(string list) => [.. list.Split('\n', StringSplitOptions.TrimEntries)];

    private static List<string> Handlers(bool isConfirmed) =>
    [
        .. typeof(Program).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(PageModel)) && !type.IsAbstract)
            .Select(type => (Page: $"{type.FullName}"["Router.Api.Pages.".Length..^"Model".Length],
                Names: type.GetMethods().Where(method => method.Name.StartsWith("OnPost", StringComparison.Ordinal)
                        && method.GetCustomAttributes().Any(one => one.GetType().Name == "ConfirmFirstAttribute") == isConfirmed)
                    .Select(method => method.Name[2..]).Order(StringComparer.Ordinal).ToList()))
            .Where(page => page.Names.Count > 0).Select(page => $"{page.Page}: {string.Join(' ', page.Names)}")
            .Order(StringComparer.Ordinal),
    ];

    private async Task<(string Email, Browserless Browser)> Owner()
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        var browser = new Browserless(_router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        return (email, browser);
    }

    private Task<int> Tokens(string email) => _router.Query<int>(
        "select count(*)::int from api_tokens t join accounts a on a.id = t.account_id where a.email = @email", new { email });

    private Task<int> Age(string email, string age) => _router.Query<int>(
        "with aged as (update sessions s set confirmed_at = now() - @age::interval from accounts a "
        + "where a.id = s.account_id and a.email = @email returning 1) select count(*)::int from aged", new { email, age });
}
