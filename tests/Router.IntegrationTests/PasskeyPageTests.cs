using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Passkeys without a browser: where there are none, and answers that are none. The rest is in the browser tests.</summary>
public sealed class PasskeyPageTests(TestServers servers)
{
    [Theory]
    [InlineData(null, "an operator has to set Alerts:PagesUrl")]
    [InlineData("https://192.0.2.7/", "Alerts:PagesUrl has an IP address")]
    [InlineData("http://leads.router.test", "Alerts:PagesUrl begins with http")]
    public async Task Passkeys_WhereTheyCannotWork_SayWhatIsToBeDone(string? pages, string words)
    {
        (string, string)[] settings = pages is null ? [] : [("Alerts:PagesUrl", pages)];
        await using var router = await RouterFixture.Start(servers, workers: 0, settings);
        using var browser = new Browserless(router.Api.Url);
        Assert.DoesNotContain("Sign in with a passkey", (await browser.Get("/sign-in")).Text, StringComparison.Ordinal);
        await browser.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        Assert.Contains(words, (await browser.Get("/account/second-factor")).Text, StringComparison.Ordinal);
        var add = await browser.Get("/account/second-factor/passkey");
        Assert.Contains(words, add.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("data-passkey", add.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answers_ThatAreNone_AreRefusedAndNobodyIsSignedIn()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Alerts:PagesUrl", "https://leads.router.test"));
        using var browser = new Browserless(router.Api.Url);
        string[] answers =
        [
            "", "null", "7", "[]", "{}", "{", Answer("null"),
            Answer("""{"authenticatorData":"AA","clientDataJSON":"AA","signature":"AA","userHandle":"AA"}"""),
            Answer("""{"attestationObject":"AA","clientDataJSON":"e30"}"""),
            Answer("""{"attestationObject":"oA","clientDataJSON":"bnVsbA"}"""),
        ];
        foreach (var answer in answers)
        {
            var page = await browser.Submit(await browser.Get("/sign-in"), "Sign in with a passkey", ("credential", answer));
            Assert.Equal((401, "/sign-in"), (page.Status, page.Path));
            page = await browser.Submit(await browser.Get("/sign-in"), "Sign in with a passkey", ("credential", answer), ("state", "none"));
            Assert.Equal((401, "/sign-in"), (page.Status, page.Path));
        }

        await browser.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        foreach (var answer in answers)
        {
            var page = await browser.Submit(
                await browser.Get("/account/second-factor/passkey"), "Add it", ("name", "none"), ("credential", answer));
            Assert.Equal(409, page.Status);
        }

        Assert.Equal(0, await router.Query<long>("select count(*) from passkeys"));
    }

    private static string Answer(string response) =>
        $$"""{"id":"AA","rawId":"AA","type":"public-key","clientExtensionResults":{},"response":{{response}} }""";
}
