using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What a destination's page says is so, whether it is well, paused, off or gone.</summary>
public sealed class DestinationPageTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData("/sites/{site}?handler=Active")]
    [InlineData("/sites/{site}/destinations/{destination}?handler=Active")]
    public async Task Destination_OfAnotherSite_IsNotThereWhateverWaitsForIt(string path)
    {
        var (own, other) = (await _router.CreateSite(), await _router.CreateSite());
        var waiting = await other.AddDestination("waiting");
        _router.Receiver.Answer(waiting.Path, (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "3600";
            return Task.CompletedTask;
        });
        await other.PostLead();
        await other.Delivery(waiting, "retrying");
        using var owner = await PageClient.SignedIn(_router, "owner", own.Id);
        path = path.Replace("{site}", $"{own.Id}", StringComparison.Ordinal)
            .Replace("{destination}", $"{waiting.Id}", StringComparison.Ordinal);
        using var answer = await owner.SubmitFrom($"/sites/{own.Id}", path, ("destination", $"{waiting.Id}"), ("active", "false"));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Destination_PausedByTheRouter_IsOnEveryPageThatSaysHowAllIs()
    {
        using var browser = await SignIn();
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("exhausted");
        await site.Patch(destination, new { paused = true });
        await Eventually.True(async () => await IsHeld(site, destination), "what comes is held");
        // With its failures, or the router would find it well and resume it.
        await Execute("insert into destination_failures (destination_id, failures, since) values (@Id, 50, now())", destination);
        await Execute("update destinations set paused_by = 'router', pause_reason = '50 requests in a row failed.' where id = @Id",
            destination);

        Assert.Contains(destination.Id.ToString(), (await browser.Get("/operator/failing")).Html, StringComparison.Ordinal);
        var overview = await browser.Get("/operator");
        Assert.DoesNotContain("All is well", overview.Text, StringComparison.Ordinal);
        Assert.Contains("paused", overview.Text, StringComparison.Ordinal);
        var card = await browser.Get($"/?find={site.Id}");
        Assert.Contains("1 paused", card.Text, StringComparison.Ordinal);
        Assert.Contains("on hold", card.Text, StringComparison.Ordinal);
        var list = await browser.Get($"/sites/{site.Id}");
        Assert.Contains("by the router 50 requests in a row failed.", list.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("UTC", list.Text.Replace("Times are in UTC.", "", StringComparison.Ordinal), StringComparison.Ordinal);
        await site.Patch(destination, new { active = false });
    }

    [Fact]
    public async Task Destination_ThatRefusesEverything_SaysSo()
    {
        using var browser = await SignIn();
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("unwilling");
        _router.Receiver.Answer(destination.Path, 406);
        await site.PostLead();
        await site.Delivery(destination, "rejected");
        var list = await browser.Get($"/sites/{site.Id}");
        Assert.Contains("refuses its leads", list.Text, StringComparison.Ordinal);
        Assert.Contains("1 refused", list.Text, StringComparison.Ordinal);
        Assert.Contains("The receiver refuses each lead", (await browser.Get($"/sites/{site.Id}/destinations/{destination.Id}")).Text,
            StringComparison.Ordinal);

        _router.Receiver.Answer(destination.Path, 200);
        await site.PostLead();
        await site.Delivery(destination, "delivered");
        Assert.DoesNotContain("refuses its leads", (await browser.Get($"/sites/{site.Id}")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Destination_WhoseFirstAnswerIsStillToCome_FailsNot()
    {
        using var browser = await SignIn();
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("slow");
        var answer = new TaskCompletionSource();
        _router.Receiver.Answer(destination.Path, (_, _) => answer.Task);
        await site.PostLead();
        await Eventually.True(async () =>
            await _router.Query<bool>("select exists (select from deliveries where destination_id = @Id and attempts = 1)", destination),
            "it is under way");
        var text = (await browser.Get($"/sites/{site.Id}")).Text;
        answer.SetResult();
        Assert.DoesNotContain("not tried yet", text, StringComparison.Ordinal);
        Assert.DoesNotContain("failing since", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Destination_SwitchedOffWhileSomethingWaits_AsksAndOffersItAllAfterwards()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("asked");
        _router.Receiver.Answer(destination.Path, (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "3600";
            return Task.CompletedTask;
        });
        var lead = await site.PostLead();
        await site.Send(HttpMethod.Patch, $"/leads/{lead}", """{"city":"Kailua"}""");
        await site.Post("""[{"type":"note","source":"s"}]""", $"/leads/{lead}/activities");
        await Eventually.Equal((1, 2), async () => (
            await _router.Query<int>("select count(*)::int from deliveries where destination_id = @Id and status = 503", destination),
            await _router.Query<int>("select count(*)::int from deliveries where destination_id = @Id and state = 'held'", destination)),
            "all wait");

        using var browser = await SignIn();
        var list = await browser.Get($"/sites/{site.Id}");
        var question = await browser.Submit(list, "asked is active");
        Assert.EndsWith("/off", question.Path, StringComparison.Ordinal);
        Assert.Contains("3 deliveries wait for it: 1 new lead, 1 update and 1 message with activities.", question.Text,
            StringComparison.Ordinal);
        Assert.True(await _router.Query<bool>("select active from destinations where id = @Id", destination));
        var off = await browser.Submit(question, "Switch asked off");
        Assert.Equal(($"/sites/{site.Id}", $"#d-{destination.Id}"), (off.Path, off.Url.Fragment));
        Assert.Contains("3 waiting deliveries were canceled", off.Text, StringComparison.Ordinal);

        // A 410 leaves the same behind, and the lead itself.
        _router.Receiver.Answer(destination.Path, 200);
        await site.PostLead();
        await Eventually.True(async () =>
            (await site.Deliveries()).GetProperty("items").EnumerateArray()
            .Count(row => row.GetProperty("destination_id").GetGuid() == site.LeadManager.Id) == 4, "another one came");
        var on = await browser.Submit(await browser.Get($"/sites/{site.Id}/destinations/{destination.Id}"), "asked is active");
        Assert.Contains("While it was off it missed 2 new leads, 1 update and 1 message with activities.", on.Text,
            StringComparison.Ordinal);
        Assert.Equal("#active", on.Url.Fragment);
        var missed = await browser.Get($"/sites/{site.Id}/destinations/{destination.Id}/missed");
        Assert.Contains("Since then it missed 2 new leads, 1 update and 1 message with activities", missed.Text, StringComparison.Ordinal);
        await browser.Submit(missed, "Send all 4 now");
        await _router.Receiver.Wait(destination.Path, 5);
    }

    [Fact]
    public async Task Destination_Gone_GetsTheLeadThatItAnswered410ToAsWell()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("gone");
        _router.Receiver.Answer(destination.Path, 410);
        await site.PostLead();
        await site.Delivery(destination, "rejected");
        await Eventually.True(
            async () => !await _router.Query<bool>("select active from destinations where id = @Id", destination), "it is off");
        _router.Receiver.Answer(destination.Path, 200);
        await site.Patch(destination, new { active = true });
        using var started = await _router.Admin.PostAsJsonAsync(
            $"/api/sites/{site.Id}/replays",
            new { missed = true, destination = destination.Id, from = TimeProvider.System.GetUtcNow().AddHours(-1) });
        Assert.Equal(1, (await started.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("total").GetInt32());
        await site.Delivery(destination, "delivered");
    }

    [Fact]
    public async Task Waiting_AfterTheCauseIsFixed_IsTriedAtOnce()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("fixed");
        _router.Receiver.Answer(destination.Path, (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "3600";
            return Task.CompletedTask;
        });
        await site.PostLead();
        await Eventually.True(async () =>
            await _router.Query<int>("select count(*)::int from deliveries where destination_id = @Id and status = 503", destination) == 1,
            "it waits");
        _router.Receiver.Answer(destination.Path, 200);
        using var browser = await SignIn();
        var saved = await browser.Submit(
            await browser.Get($"/sites/{site.Id}/destinations/{destination.Id}"), "Save", ("name", "fixed again"));
        Assert.Equal("", saved.Url.Fragment);
        Assert.Contains("at once if you say so below", saved.Text, StringComparison.Ordinal);
        var tried = await browser.Submit(saved, "Try all of them now");
        Assert.Contains("1 delivery is being tried now", tried.Text, StringComparison.Ordinal);
        await site.Delivery(destination, "delivered");
    }

    [Fact]
    public async Task Secret_ThatCanBeGuessed_IsSavedWithAWarning()
    {
        var site = await _router.CreateSite();
        using var browser = await SignIn();
        var saved = await browser.Submit(await browser.Get($"/sites/{site.Id}/destinations/new"), "Save", ("name", "weak"),
            ("url", "http://127.0.0.1/x"), ("secret", "abc"));
        Assert.Contains("weak is saved", saved.Text, StringComparison.Ordinal);
        Assert.Contains("short enough to be guessed", saved.Text, StringComparison.Ordinal);
        Assert.Equal("", saved.Url.Fragment);
    }

    private async Task<bool> IsHeld(TestSite site, TestDestination destination)
    {
        await site.PostLead();
        return await _router.Query<bool>(
            "select exists (select from deliveries where destination_id = @Id and state = 'held')", destination);
    }

    private async Task<Browserless> SignIn()
    {
        var browser = new Browserless(_router.Api.Url);
        Assert.Equal(200, (await browser.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword)).Status);
        return browser;
    }

    private async Task Execute(string sql, object parameters)
    {
        await using var database = await _router.OpenDatabase();
        await Dapper.SqlMapper.ExecuteAsync(database, sql, parameters);
    }
}
