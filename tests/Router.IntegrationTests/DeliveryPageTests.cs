using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What pages say of deliveries is so: of their bodies, attempts and answers, of sending them again.</summary>
public sealed class DeliveryPageTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Fact]
    public async Task Deliveries_ByStateAndLastAnswer_AreCountedAndFound()
    {
        var site = await _router.CreateSite();
        var (refusing, broken) = (await site.AddDestination("refusing"), await site.AddDestination("broken"));
        _router.Receiver.Answer(refusing.Path, 406);
        _router.Receiver.Answer(broken.Path, 503);
        await site.PostLead();
        await site.Delivery(refusing, "rejected");
        await site.Delivery(broken, "dead");
        using var browser = await SignIn();
        var all = await browser.Get($"/sites/{site.Id}/deliveries");
        Assert.Contains("All Waiting · 0 On hold · 0 Refused · 1 Failed for good · 1", all.Text,
            StringComparison.Ordinal);
        Assert.Contains("Narrow it down Destination", all.Text, StringComparison.Ordinal);
        foreach (var (answer, found) in new[] { ("503", "broken"), ("406", "refusing"), ("500", null), ("connection refused", null) })
        {
            var page = await browser.Get($"/sites/{site.Id}/deliveries?answer={Uri.EscapeDataString(answer)}");
            Assert.Contains("Narrow it down (1)", page.Text, StringComparison.Ordinal);
            Assert.Equal(answer, page.Field("answer"));
            foreach (var name in new[] { "broken", "refusing" })
                Assert.Equal(
                    name == found,
                    page.Html.Contains($"<td data-label=\"Destination\" class=\"line\">{name}</td>", StringComparison.Ordinal));
        }

        Assert.Contains("from 100 to 599", (await browser.Get($"/sites/{site.Id}/deliveries?answer=7")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delivery_OfHalfACharacterOrDeepNesting_IsShownOnceWithItsBytes()
    {
        var site = await _router.CreateSite();
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var count = 0;
        var deep = new string('[', 55) + "1" + new string(']', 55);
        foreach (var body in new[] { "{\"source\":\"s\",\"first_name\":\"Ann \\ud83d\",\"last_name\":\"\\u0026 😀\"}",
            $$"""{"source":"s","email":"a@b.test","deep":{{deep}}}""" })
        {
            Assert.Equal(201, (int)(await site.Post(body)).StatusCode);
            var sent = (await _router.Receiver.Wait(site.LeadManager.Path, ++count))[^1];
            var path = $"/sites/{site.Id}/deliveries/{sent.MessageId}/{site.LeadManager.Id}";
            await Eventually.True(async () => (await owner.Http.GetAsync(path)).IsSuccessStatusCode, "it is in the ledger");
            using var page = await owner.Http.GetAsync(path);
            Assert.Equal(200, (int)page.StatusCode);
            var bytes = await owner.Http.GetByteArrayAsync($"{path}?handler=Body");
            Assert.Equal(sent.Body, bytes);
        }
    }

    [Fact]
    public async Task Delivery_WithManyAttempts_ShowsItsBodyOnce()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("large");
        _router.Receiver.Answer(destination.Path, 500);
        await site.PostLead($"MARKER{new string('x', 300_000)}");
        var delivery = await site.Delivery(destination, "dead");
        using var owner = await PageClient.SignedIn(_router, "owner", site.Id);
        var page = await owner.Http.GetStringAsync(
            $"/sites/{site.Id}/deliveries/{delivery.GetProperty("event_id").GetString()}/{destination.Id}");
        Assert.InRange(page.Length, 60_000, 120_000);
        Assert.Single(System.Text.RegularExpressions.Regex.Matches(page, "MARKER"));
    }

    [Theory]
    [InlineData("Zoë")]
    [InlineData("王")]
    [InlineData("no such thing")]
    public async Task Answer_SeenByAnOperator_IsItsSizeAlone(string answer)
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("talks");
        _router.Receiver.Answer(destination.Path, async (context, _) =>
        {
            context.Response.StatusCode = 422;
            await context.Response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(answer));
        });
        await site.PostLead();
        var delivery = await site.Delivery(destination, "dead");
        var size = System.Text.Encoding.UTF8.GetByteCount(answer);
        Assert.All(delivery.GetProperty("attempts").EnumerateArray(), attempt => Assert.Equal(
            ("", size, true), (attempt.GetProperty("response_body").GetString(), attempt.GetProperty("response_size").GetInt32(),
                attempt.GetProperty("response_hidden").GetBoolean())));
        using var browser = await SignIn();
        var page = await browser.Get($"/sites/{site.Id}/deliveries/{delivery.GetProperty("event_id").GetString()}/{destination.Id}");
        Assert.DoesNotContain(answer, page.Text, StringComparison.Ordinal);
        Assert.Contains($"An answer of {size} bytes", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_OfWhatCannotBeSent_SaysWhy()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("off");
        _router.Receiver.Answer(destination.Path, 500);
        await site.PostLead();
        await site.Delivery(destination, "dead");
        await site.Patch(destination, new { active = false });
        var now = TimeProvider.System.GetUtcNow();
        foreach (var (filter, words) in new (object, string)[]
        {
            (new { state = "dead", from = now, to = now.AddHours(-1) }, "must be before"),
            (new { state = "dead", destination = Guid.NewGuid() }, "no destination of this site"),
            (new { state = "dead", to = now.AddDays(-60) }, "contents from before it are deleted"),
            (new { state = "dead", destination = destination.Id }, "is off"),
        })
        {
            using var refused = await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", filter);
            Assert.Equal(422, (int)refused.StatusCode);
            Assert.Contains(words, await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var started = await _router.Admin.PostAsJsonAsync($"/api/sites/{site.Id}/replays", new { state = "dead" });
        var job = await started.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((0, 1), (job.GetProperty("total").GetInt32(), job.GetProperty("left_out").GetProperty("destination_off").GetInt32()));
    }

    [Fact]
    public async Task DeadLetter_MovedBackToADestinationThatIsOff_CountsNoAttempt()
    {
        await using var router = await RouterFixture.Start(shared.Servers, workers: 1, ("Delivery:RetrySchedule", ""));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("off");
        router.Receiver.Answer(destination.Path, 500);
        await site.PostLead();
        await site.Delivery(destination, "dead");
        await site.Patch(destination, new { active = false });
        await router.Broker.Move(router.VirtualHost, "lead-dead-letters", "lead-retries");
        await site.Delivery(destination, "canceled");
        Assert.Equal((1, 1), (
            await router.Query<int>("select attempts from deliveries where destination_id = @Id and state = 'canceled'", destination),
            await router.Query<int>("select count(*)::int from attempts a join lead_events e on e.id = a.event_id "
                + "where a.destination_id = @Id and e.action = 'created'", destination)));
    }

    private async Task<Browserless> SignIn()
    {
        var browser = new Browserless(_router.Api.Url);
        Assert.Equal(200, (await browser.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword)).Status);
        return browser;
    }
}
