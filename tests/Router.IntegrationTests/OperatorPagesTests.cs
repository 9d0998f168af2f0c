using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Router.Testing;

namespace Router.IntegrationTests;

public sealed class OperatorPagesTests(OperatorRouter shared) : IClassFixture<OperatorRouter>
{
    private const string OwnersPassword = "a few words in a row";

    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Site_FilledInWrong_SaysSoBesideTheFieldsAndLosesNothing()
    {
        using var browser = await shared.SignIn();
        var again = await browser.Submit(await browser.Get("/operator/sites/new"), "Save", ("name", "Kept"),
            ("lead_manager.url", "ftp://x"), ("lead_manager.secret", "kept too"));
        Assert.Equal((422, "The domain is required.", "Kept", "kept too"),
            (again.Status, again.Error("domain"), again.Field("name"), again.Field("lead_manager.secret")));
        Assert.Contains("http", again.Error("lead_manager_url"), StringComparison.Ordinal);

        var generated = await browser.Submit(again, "Generate a secret");
        Assert.StartsWith("whsec_", generated.Field("lead_manager.secret"), StringComparison.Ordinal);
        Assert.Equal("Kept", generated.Field("name"));
    }

    [Fact]
    public async Task Search_FindsSitesDestinationsLeadsAndMessages()
    {
        using var browser = await shared.SignIn();
        var site = await _router.CreateSite();
        var name = $"Postcards {site.Id:N}";
        var destination = await site.AddDestination(name);
        var lead = await site.PostLead();
        var delivery = await site.Delivery(destination, "delivered");

        Assert.Equal($"/operator/sites/{site.Id}", (await Find($"{site.Id}")).Path);
        Assert.Equal($"/sites/{site.Id}/destinations/{destination.Id}", (await Find(name.ToUpperInvariant())).Path);
        Assert.Equal($"/sites/{site.Id}/destinations/{destination.Id}", (await Find($"{destination.Id}")).Path);
        await Eventually.True(
            async () => (await Find(lead)).Path == $"/sites/{site.Id}/leads/{Guid.Parse(lead)}", "the lead is found once it is indexed");
        Assert.Equal($"/sites/{site.Id}/leads/{Guid.Parse(lead)}", (await Find(delivery.GetProperty("event_id").GetString()!)).Path);
        Assert.Contains("Nothing matches", (await Find("jack@mail.test")).Text, StringComparison.Ordinal);

        async Task<Browsed> Find(string text) => await browser.Get($"/operator/find?q={Uri.EscapeDataString(text)}");
    }

    [Fact]
    public async Task Now_SaysWhatEachPartSays()
    {
        using var browser = await shared.SignIn();
        await Eventually.True(
            async () => (await browser.Get("/operator")).Text is var text
                && text.Contains("Router.Worker × 1 running", StringComparison.Ordinal)
                && Regex.IsMatch(text, @"RabbitMQ \d+\.\d+\.\d+ no alarm") && Regex.IsMatch(text, @"Postgres \d+\.\d+ written .+ ago"),
            "each part has said something");
    }

    [Fact]
    public async Task Owner_InvitedByAnOperator_HasTheSiteOnlyUntilTheAccountIsDisabled()
    {
        using var browser = await shared.SignIn();
        var site = await CreateSite(browser, "Owned Realty");
        Assert.Contains("Nobody owns this site:", site.Text, StringComparison.Ordinal);
        var people = await browser.Get($"{site.Path["/operator".Length..]}/people");
        var email = $"{Guid.NewGuid():N}@realty.test";
        var invited = await browser.Submit(people, "Invite", ("email", email), ("role", "owner"));
        Assert.StartsWith($"{_router.Api.Url}invitation/", invited.Secret, StringComparison.Ordinal);
        Assert.Contains("No mail was sent", invited.Text, StringComparison.Ordinal);
        Assert.Equal("", (await browser.Get(people.Path)).Secret);

        using var owner = new Browserless(_router.Api.Url);
        var welcome = await owner.Submit(
            await owner.Get(new Uri(invited.Secret).AbsolutePath), "Save and sign in", ("password", OwnersPassword));
        Assert.Equal((200, site.Path["/operator".Length..]), (welcome.Status, welcome.Path));
        Assert.Contains("older than seven days", (await owner.Get(new Uri(invited.Secret).AbsolutePath)).Text, StringComparison.Ordinal);
        Assert.Contains(email, (await browser.Get(site.Path)).Text, StringComparison.Ordinal);

        var removed = await browser.Submit(await browser.Get(people.Path), $"Remove {email}");
        Assert.Contains("can no longer see Owned Realty", removed.Text, StringComparison.Ordinal);
        Assert.Equal(404, (await owner.Get(welcome.Path)).Status);

        await browser.Submit(removed, "Invite", ("email", email.ToUpperInvariant()), ("role", "viewer"));
        Assert.Equal(200, (await owner.Get(welcome.Path)).Status);

        var disabled = await browser.Submit(await browser.Get($"/operator/accounts?find={email}"), $"Disable {email}");
        Assert.Contains("disabled", disabled.Text, StringComparison.Ordinal);
        Assert.Equal("/sign-in", (await owner.Get(welcome.Path)).Path);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/failing")]
    [InlineData("/dead-letters")]
    [InlineData("/sites")]
    [InlineData("/sites/new")]
    [InlineData("/sites/{site}")]
    [InlineData("/products")]
    [InlineData("/catalogue")]
    [InlineData("/catalogue/new")]
    [InlineData("/sites/{site}/destinations/{site}/promote")]
    [InlineData("/accounts")]
    [InlineData("/audit")]
    public async Task Page_ForAnOwnerOrNobody_IsRefused(string path)
    {
        var (owner, site) = await shared.Owner();
        path = "/operator" + path.Replace("{site}", site.ToString(), StringComparison.Ordinal);
        Assert.Equal(403, (await owner.Get(path)).Status);
        using var nobody = new Browserless(_router.Api.Url);
        Assert.Equal("/sign-in", (await nobody.Get(path)).Path);
    }

    [Fact]
    public async Task Product_Created_ShowsItsPasswordOnce()
    {
        using var browser = await shared.SignIn();
        var site = await CreateSite(browser, "Sending Realty");
        var username = $"web-{Guid.NewGuid():N}";
        var products = await browser.Get("/operator/products");
        var invalid = await browser.Submit(
            products, "Add it and show its password", ("username", "with space"), ("display_name", "Website"));
        Assert.Equal((422, "with space", "Website"), (invalid.Status, invalid.Field("username"), invalid.Field("display_name")));
        Assert.NotEqual("", invalid.Error("username"));

        var made = await browser.Submit(products, "Add it and show its password", ("username", username), ("display_name", "Website"));
        Assert.Equal(43, made.Secret.Length);
        Assert.DoesNotContain(made.Secret, (await browser.Get("/operator/products")).Html, StringComparison.Ordinal);
        var twice = await browser.Submit(products, "Add it and show its password", ("username", username), ("display_name", "Website"));
        Assert.Contains("exists already", twice.Error("username"), StringComparison.Ordinal);

        Assert.Equal(403, await PostLead(site, username, made.Secret));
        Assert.NotEqual("", (await browser.Submit(site, "Let it send for this site", ("username", "nobody"))).Error("username"));
        await browser.Submit(site, "Let it send for this site", ("username", username));
        Assert.Equal(201, await PostLead(site, username, made.Secret));

        var page = await browser.Get($"/operator/products?find={username}");
        var renewed = await browser.Submit(page, "Make a new password");
        Assert.Equal(401, await PostLead(site, username, made.Secret));
        Assert.Equal(201, await PostLead(site, username, renewed.Secret));

        await browser.Submit(await browser.Get(site.Path), $"Forbid {username}");
        Assert.Equal(403, await PostLead(site, username, renewed.Secret));
    }

    [Fact]
    public async Task Integration_PublishedAndHidden_IsInTheCatalogueMeanwhile()
    {
        using var browser = await shared.SignIn();
        var site = await _router.CreateSite();
        var name = $"Valuations {Guid.NewGuid():N}";
        var page = await browser.Submit(
            await browser.Get("/operator/catalogue/new"), "Save, hidden", ("name", name), ("description", "Sends\r\nvaluations."),
            ("url", new Uri(_router.Receiver.Url, $"/{site.Id}").AbsoluteUri),
            ("secret", "the maker's secret"), ("partner_id_label", "Account ID"), ("partner_id_help", "Under Settings."));
        Assert.Contains("hidden", page.Text, StringComparison.Ordinal);
        Assert.Equal(("Sends valuations.", ""), (page.Field("description"), page.Field("secret")));
        Assert.DoesNotContain(name, (await browser.Get($"/sites/{site.Id}/catalogue")).Text, StringComparison.Ordinal);

        page = await browser.Submit(page, "Publish it");
        var catalogue = await browser.Get($"/sites/{site.Id}/catalogue");
        Assert.Contains(name, catalogue.Text, StringComparison.Ordinal);
        var connect = await browser.Get($"/sites/{site.Id}/catalogue/{page.Path.Split('/')[^1]}");
        await browser.Submit(connect, "Save", ("partner_id", "4711"), ("active", "true"));

        // An empty secret keeps the present one.
        page = await browser.Submit(await browser.Get(page.Path), "Save", ("description", "Sends better valuations."));
        Assert.Contains("1 connected site", page.Text, StringComparison.Ordinal);
        await site.PostLead();
        Assert.True((await _router.Receiver.Wait($"/{site.Id}", 1))[0].IsSignedWith("the maker's secret"));

        page = await browser.Submit(page, "Hide it");
        Assert.Contains("no further site can connect", page.Text, StringComparison.Ordinal);
        Assert.Equal(404, (await browser.Get(connect.Path)).Status);
    }

    [Fact]
    public async Task CustomApi_Promoted_IsInTheCatalogueHidden()
    {
        using var browser = await shared.SignIn();
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("Home grown");
        var page = await browser.Get($"/sites/{site.Id}/destinations/{destination.Id}");
        Assert.Contains($"/operator/sites/{site.Id}/destinations/{destination.Id}/promote", page.Html, StringComparison.Ordinal);

        page = await browser.Get($"/operator/sites/{site.Id}/destinations/{destination.Id}/promote");
        Assert.Equal("Home grown", page.Field("name"));
        page = await browser.Submit(page, "Promote it, hidden", ("description", ""));
        Assert.Equal("The description is required.", page.Error("description"));
        // It needs another secret than the site's owner knows.
        Assert.Equal("The secret is required.", page.Error("secret"));
        page = await browser.Submit(page, "Generate a secret");
        Assert.StartsWith("whsec_", page.Field("secret"), StringComparison.Ordinal);
        page = await browser.Submit(page, "Promote it, hidden", ("description", "Made by a customer."));
        Assert.StartsWith("/operator/catalogue/", page.Path, StringComparison.Ordinal);
        Assert.Contains("1 site is connected", page.Text, StringComparison.Ordinal);
        Assert.Equal(404, (await browser.Get($"/operator/sites/{site.Id}/destinations/{destination.Id}/promote")).Status);
    }

    [Fact]
    public async Task Audit_OfAChange_NamesWhoDidIt()
    {
        using var browser = await shared.SignIn();
        var site = await CreateSite(browser, "Audited Realty");
        await browser.Submit(site, "Save", ("name", "Renamed Realty"));
        var id = site.Path.Split('/')[^1];
        foreach (var query in new[] { $"site={id}", $"actor={RouterFixture.OperatorsEmail}" })
        {
            var audit = await browser.Get($"/operator/audit?{query}");
            Assert.Contains($"{RouterFixture.OperatorsEmail} site Renamed Realty changed name: Audited Realty → Renamed Realty",
                audit.Text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("Renamed Realty", (await browser.Get("/operator/audit?actor=somebody-else")).Text, StringComparison.Ordinal);
        Assert.Contains("Renamed Realty", (await browser.Get($"/operator/sites?find={id}")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Destination_GivenALimit_HasIt()
    {
        using var browser = await shared.SignIn();
        var site = await _router.CreateSite();
        var page = await browser.Submit(await browser.Get($"/operator/sites/{site.Id}"), "Save the limit",
            ("destination", site.LeadManager.Id.ToString()), ("max_in_flight", "many"));
        Assert.Equal("The limit must be from 1 to 10000, or 0 for the default.", page.Error("max_in_flight"));
        page = await browser.Submit(page, "Save the limit", ("max_in_flight", "7"));
        Assert.Contains("Lead Manager: 7", page.Text, StringComparison.Ordinal);
        Assert.Equal(7, await _router.Query<int>("select max_in_flight from destinations where id = @Id", new { site.LeadManager.Id }));
        page = await browser.Submit(page, "Save the limit", ("max_in_flight", "0"));
        Assert.Contains("Lead Manager: the default", page.Text, StringComparison.Ordinal);
    }

    private async Task<Browsed> CreateSite(Browserless browser, string name) => await browser.Submit(
        await browser.Get("/operator/sites/new"), "Save", ("name", name), ("domain", "www.realty.test"),
        ("lead_manager.url", new Uri(_router.Receiver.Url, $"/{Guid.NewGuid()}").AbsoluteUri), ("lead_manager.secret", "a secret"));

    private async Task<int> PostLead(Browsed site, string username, string password)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri(_router.Api.Url, $"/rest/sites/{site.Path.Split('/')[^1]}/leads"))
        {
            Content = new StringContent(
                JsonSerializer.Serialize(new { source = "test", email = "jack@mail.test" }), Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}")));
        return (int)(await _router.Admin.SendAsync(request)).StatusCode;
    }
}
