using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Owners with a second factor, for the tests of these.</summary>
internal static class SecondFactorOwners
{
    public static async Task<(string Email, Browserless Browser)> Owner(this RouterFixture router, params Guid[] sites)
    {
        var (email, link) = await PageClient.Invite(router, "owner", sites);
        var browser = new Browserless(router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        return (email, browser);
    }

    public static async Task<(string Email, AuthenticatorApp App, string[] Codes)> OwnerWithApp(
        this RouterFixture router, params Guid[] sites)
    {
        var (email, browser) = await router.Owner(sites);
        using (browser)
        {
            var (app, page) = await AuthenticatorApp.SetUp(browser);
            return (email, app, page.Secret.Split('\n'));
        }
    }

    public static async Task<Browsed> SignInWithCode(this Browserless browser, string email, string code) =>
        await browser.Submit(await browser.SignIn(email, PageClient.Password), "Sign in", ("code", code));

    /// <summary>As if the code that was taken last were an old one.</summary>
    public static Task LetCodesCountAgain(this RouterFixture router, string email) => router.Execute(
        "update authenticator_apps set last_step = 0 where account_id = (select id from accounts where email = @email)", email);

    public static Task<Guid> AccountOf(this RouterFixture router, string email) =>
        router.Query<Guid>("select id from accounts where email = @email", new { email });

    public static async Task Execute(this RouterFixture router, string sql, string email)
    {
        await using var database = await router.OpenDatabase();
        await database.ExecuteAsync(sql, new { email });
    }
}
