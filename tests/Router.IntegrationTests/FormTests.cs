using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Each form does what its button says, whatever was pressed before, and reloading what it answered does nothing.</summary>
public sealed class FormTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Forms_OfEveryPage_GoWhereTheyGoWhateverWasPressedBefore()
    {
        // One of its own: some forms end what other tests need.
        await using var router = await RouterFixture.Start(shared.Servers);
        using var browser = new Browserless(router.Api.Url);
        Assert.Equal(200, (await browser.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword)).Status);
        var wrong = new List<string>();
        var seen = 0;
        foreach (var route in Routes())
        {
            var path = await Path(router, route);
            var page = await browser.Get(path);
            // Its own address and those that other buttons of it leave behind.
            var handlers = Regex.Matches(page.Html, "[?&;]handler=([A-Za-z]+)").Select(match => match.Groups[1].Value).Append("Nothing")
                .Distinct(StringComparer.Ordinal);
            foreach (var handler in handlers)
            {
                if (await browser.Get($"{path}?handler={handler}") is { Status: >= 500 } broken)
                    wrong.Add($"GET {path}?handler={handler}: {broken.Status}");
            }

            var forms = Forms.Posting(page.Html).ToList();
            foreach (var (form, action) in forms)
            {
                seen++;
                if (action is null)
                {
                    wrong.Add($"{route}: a form posts to wherever the browser is");
                    continue;
                }

                // These would end the walk.
                if (action == "/sign-out" || action.Contains("handler=Revoke", StringComparison.Ordinal)
                    || action.Contains("handler=Disable", StringComparison.Ordinal))
                    continue;
                var after = await browser.Send(page, form, action);
                if (after.Status >= 500)
                    wrong.Add($"POST {action}: {after.Status}");
                // What is shown can be corrected then.
                if (after.Path == page.Path && !action.EndsWith("handler=Show", StringComparison.Ordinal))
                    wrong.AddRange(Forms.Posting(after.Html).Where(other => !forms.Exists(one => one.Action == other.Action))
                        .Select(other => $"{route} after {action}: a form posts to {other.Action}"));
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(seen > 60, $"only {seen} forms");
    }

    [Fact]
    public async Task Secret_Generated_IsSavedWithTheFormAndStaysWhenItIsSentAgain()
    {
        using var browser = await SignIn();
        var name = $"Generated {Guid.NewGuid():N}";
        (string, string)[] site = [("name", name), ("domain", "www.realty.test"), ("lead_manager.url", "http://127.0.0.1/lm")];
        var form = await browser.Get("/operator/sites/new");
        var generated = await browser.Submit(form, "Generate a secret", site);
        var secret = generated.Field("lead_manager.secret");
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        Assert.Equal(secret, (await browser.Submit(form, "Generate a secret", site)).Field("lead_manager.secret"));
        Assert.NotEqual(secret, (await browser.Submit(generated, "Generate a secret", site)).Field("lead_manager.secret"));
        var saved = await browser.Submit(generated, "Save");
        Assert.Contains($"{name} is there", saved.Text, StringComparison.Ordinal);

        (string, string)[] fields = [("name", name), ("description", "d"), ("url", "http://127.0.0.1/i")];
        var integration = await browser.Submit(
            await browser.Submit(await browser.Get("/operator/catalogue/new"), "Generate a secret", fields), "Save, hidden");
        Assert.Contains("is saved and hidden", integration.Text, StringComparison.Ordinal);
        integration = await browser.Submit(await browser.Submit(integration, "Generate a secret", ("description", "Better")), "Save");
        Assert.Contains("Saved", integration.Text, StringComparison.Ordinal);
        Assert.Equal("Better", integration.Field("description"));

        var custom = await browser.Get($"/sites/{saved.Path.Split('/')[^1]}/destinations/new");
        custom = await browser.Submit(
            await browser.Submit(custom, "Generate a secret", ("name", "Ours"), ("url", "http://127.0.0.1/c")), "Save");
        Assert.Contains("Ours is saved", custom.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Let it send for this site", "username", "nobody")]
    [InlineData("Save the limit", "max_in_flight", "many")]
    public async Task Settings_SavedAfterAnotherFormWasRefused_AreSaved(string button, string field, string value)
    {
        using var browser = await SignIn();
        var site = await _router.CreateSite();
        var refused = await browser.Submit(await browser.Get($"/operator/sites/{site.Id}"), button, (field, value));
        Assert.NotEqual(200, refused.Status);
        var saved = await browser.Submit(refused, "Save", ("name", "Renamed after all"));
        Assert.Contains("Saved. It is in force", saved.Text, StringComparison.Ordinal);
        Assert.Equal("Renamed after all", await _router.Query<string>("select name from sites where id = @Id", new { site.Id }));
    }

    [Fact]
    public async Task Secrets_OfEachPage_AreShownOnceAfterARedirect()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("rotated");
        using var person = await PageClient.SignedIn(_router, "operator");
        var email = $"{Guid.NewGuid():N}@realty.test";
        var product = $"p-{Guid.NewGuid():N}";
        var account = await _router.Query<Guid>(
            "select id from accounts where email = @Email", new { (await PageClient.Invite(_router, "owner", site.Id)).Email });
        (string Path, string Handler, (string, string)[] Fields)[] makers =
        [
            ("/account/tokens", "Token", [("name", "once")]),
            ("/operator/products", "Create", [("username", product), ("display_name", "Once")]),
            ("/operator/products", "Password", [("of", product)]),
            ("/operator/accounts", "Invite", [("email", email), ("role", "owner")]),
            ("/operator/accounts", "Link", [("account", $"{account}")]),
            ($"/sites/{site.Id}/people", "Add", [("email", $"x{email}"), ("role", "viewer")]),
            ($"/sites/{site.Id}/destinations/{destination.Id}/secret", "", []),
        ];
        foreach (var (path, handler, fields) in makers)
        {
            var made = await person.Submit(handler.Length == 0 ? path : $"{path}?handler={handler}", fields);
            Assert.Equal(HttpStatusCode.Redirect, made.StatusCode);
            Assert.Equal("", Secret(await made.Content.ReadAsStringAsync()));
            var shown = await person.Http.GetAsync(made.Headers.Location);
            Assert.True(shown.Headers.CacheControl!.NoStore);
            Assert.NotEqual("", Secret(await shown.Content.ReadAsStringAsync()));
            // Reloaded.
            Assert.Equal("", Secret(await person.Http.GetStringAsync(made.Headers.Location)));
        }
    }

    [Theory]
    [InlineData("/⁄x")]
    [InlineData("/a b")]
    [InlineData("/a\r\nb")]
    [InlineData("//evil.test")]
    [InlineData("/\\evil.test")]
    [InlineData("~/x")]
    public async Task SignIn_ThatIsToGoOnWhereNoHeaderCan_GoesToTheStart(string target)
    {
        var (email, link) = await PageClient.Invite(_router, "owner");
        using var client = new PageClient(_router);
        await client.Submit(link, ("password", PageClient.Password));
        var signedIn = await client.Submit("/sign-in", ("email", email), ("password", PageClient.Password), ("return", target));
        // Signed in already, /sign-in shows no form: a fresh browser does.
        using var fresh = new PageClient(_router);
        signedIn = await fresh.Submit("/sign-in", ("email", email), ("password", PageClient.Password), ("return", target));
        Assert.Equal((HttpStatusCode.Redirect, "/"), (signedIn.StatusCode, signedIn.Headers.Location?.OriginalString));
    }

    [Fact]
    public async Task SignIn_WrongFiveTimes_SaysThatItIsLockedAndForHowLong()
    {
        // Whether there is such an account makes no difference.
        var (known, _) = await PageClient.Invite(_router, "owner");
        foreach (var email in new[] { known, $"{Guid.NewGuid():N}@realty.test" })
        {
            using var browser = new Browserless(_router.Api.Url);
            for (var i = 0; i < 4; i++)
                Assert.Contains("After five wrong tries", (await browser.SignIn(email, "a wrong one")).Text, StringComparison.Ordinal);
            foreach (var _ in Enumerable.Range(0, 2))
                Assert.Contains("stays locked for 15 more minutes", (await browser.SignIn(email, "a wrong one")).Text,
                    StringComparison.Ordinal);
            Assert.Contains("After five wrong tries", (await browser.SignIn($"other-{email}", "a wrong one")).Text,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Answers_OfAnyKind_AreTakenForNothingElseAndSecretsAreNotKept()
    {
        var site = await _router.CreateSite();
        foreach (var path in new[] { "/", "/sign-in", "/nowhere", "/api/sites", "/api/nowhere", "/health/live", "/openapi/v1.json",
            $"/rest/sites/{site.Id}/users", "/rest/nowhere", "/x?y=%00" })
        {
            using var response = await _router.Admin.GetAsync(path);
            Assert.True(response.Headers.TryGetValues("X-Content-Type-Options", out var values) && values.Single() == "nosniff", path);
        }

        using var token = await _router.Admin.PostAsJsonAsync("/api/tokens", new { name = "once" });
        Assert.True(token.Headers.CacheControl?.NoStore);
        using var invalid = await _router.Admin.PostAsync(
            "/api/tokens", new StringContent("{", System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal("nosniff", invalid.Headers.GetValues("X-Content-Type-Options").Single());
    }

    private static string Secret(string html) => Regex.Match(html, "<pre class=\"secret\"[^>]*>([^<]*)</pre>").Groups[1].Value;

    private async Task<Browserless> SignIn()
    {
        var browser = new Browserless(_router.Api.Url);
        Assert.Equal(200, (await browser.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword)).Status);
        return browser;
    }

    /// <summary>Of every page, from its source.</summary>
    private static List<string> Routes() =>
    [
        .. Directory.EnumerateFiles(
            System.IO.Path.Combine(Repository.Root, "src", "Router.Api", "Pages"), "*.cshtml", SearchOption.AllDirectories)
            .Select(file => Regex.Match(
                File.ReadAllText(file), "^@page \"(?<path>[^\"]+)\"", RegexOptions.Multiline | RegexOptions.ExplicitCapture))
            .Where(match => match.Success).Select(match => match.Groups["path"].Value)
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>With things of its own: some forms delete them.</summary>
    private static async Task<string> Path(RouterFixture router, string route)
    {
        if (!route.Contains('{', StringComparison.Ordinal))
            return route;

        var site = await router.CreateSite();
        var destination = await site.AddDestination("walked");
        await site.PostLead();
        var delivery = await site.Delivery(destination, "delivered");
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["site"] = $"{site.Id}", ["destination"] = $"{destination.Id}", ["event"] = delivery.GetProperty("event_id").GetString()!,
            ["lead"] = delivery.GetProperty("lead_id").GetString()!, ["token"] = "none",
            ["link"] = $"{await router.Query<Guid>("select unsubscribe from accounts limit 1")}",
        };
        if (route.Contains("{integration", StringComparison.Ordinal) || route.Contains("{id", StringComparison.Ordinal))
            values["integration"] = values["id"] = await Id(router, "/api/integrations",
                new { name = "walked", description = "d", url = "https://x.test", secret = "s", published = true });
        if (route.Contains("{replay", StringComparison.Ordinal))
            values["replay"] = await Id(router, $"/api/sites/{site.Id}/replays", new { state = "delivered" });
        if (route.Contains("{check", StringComparison.Ordinal))
            values["check"] = await Id(router, $"/api/sites/{site.Id}/destinations/{destination.Id}/checks", new { });
        if (route.Contains("{username", StringComparison.Ordinal))
            values["username"] = await Id(
                router, "/api/products", new { username = $"p-{site.Id:N}", display_name = "walked" }, "username");
        if (route.Contains("{refused", StringComparison.Ordinal))
            values["refused"] = $"{(await site.Refused("""{"source": 7}""")).Id}";
        return Regex.Replace(
            route, "{(?<name>[a-z]+)(:[a-z]+)?}", match => values[match.Groups["name"].Value], RegexOptions.ExplicitCapture);
    }

    private static async Task<string> Id(RouterFixture router, string path, object body, string name = "id") =>
        (await (await router.Admin.PostAsJsonAsync(path, body)).Content.ReadFromJsonAsync<JsonElement>()).GetProperty(name).GetString()!;
}
