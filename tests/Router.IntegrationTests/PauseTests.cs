using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A router that pauses after three failures within a second.</summary>
public sealed class HastyRouter(TestServers servers) : IAsyncLifetime
{
    public RouterFixture Router { get; private set; } = null!;

    public TestServers Servers => servers;

    public async ValueTask InitializeAsync() => Router = await RouterFixture.Start(
        servers, workers: 2, ("Delivery:PauseFailures", "3"), ("Delivery:PauseAfter", "00:00:00.5"),
        ("Delivery:ProbeInterval", "00:00:00.5"),
        ("Delivery:MaxProbeInterval", "00:00:02"), ("Delivery:PauseTick", "00:00:00.2"),
        ("Delivery:RetrySchedule", "00:00:01,00:00:01,00:00:01,00:00:01,00:00:01,00:00:01"));

    public ValueTask DisposeAsync() => Router.DisposeAsync();
}

/// <summary>What keeps failing is held, probed and let go; nothing is given up for it.</summary>
public sealed class PauseTests(HastyRouter hasty) : IClassFixture<HastyRouter>
{
    private readonly RouterFixture _router = hasty.Router;

    [Fact]
    public async Task Destination_ThatKeepsFailing_IsPausedProbedAndDrainedByItself()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("down");
        _router.Receiver.Answer(destination.Path, 500);
        for (var i = 0; i < 5; i++)
            await site.PostLead();
        await Eventually.Equal("router", () => Paused(site, destination), "it is paused");
        await Eventually.True(async () => await Count(site, destination, "held") >= 4, "all but a probe are held");

        // Fresh ones are held without a request; only probes go out, one at a time, further and further apart.
        for (var i = 0; i < 10; i++)
            await site.PostLead();
        await Eventually.True(async () =>
            await Count(site, destination, "held") + await Count(site, destination, "retrying") == 15, "the fresh ones are held");
        var probedBefore = _router.Receiver.At(destination.Path).Count;
        await Task.Delay(4000, TestContext.Current.CancellationToken);
        Assert.InRange(_router.Receiver.At(destination.Path).Count - probedBefore, 1, 5);
        Assert.Equal(0, await Count(site, destination, "dead"));

        _router.Receiver.Answer(destination.Path, 200);
        await Eventually.Equal(15, () => Count(site, destination, "delivered"), "it goes on by itself");
        Assert.Null(await Paused(site, destination));
        Assert.Contains($"Destination {destination.Id} keeps failing and is paused", _router.Output, StringComparison.Ordinal);
        Assert.Contains($"Destination {destination.Id} is well again and resumed", _router.Output, StringComparison.Ordinal);
        Assert.Equal(15, await Count(site, site.LeadManager, "delivered"));
        await site.AssertAccountedFor(15);
    }

    [Fact]
    public async Task Destination_ThatFailsNowAndThen_IsNotPaused()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("sporadic");
        var calls = 0;
        _router.Receiver.Answer(destination.Path, (context, _) =>
        {
            context.Response.StatusCode = Interlocked.Increment(ref calls) % 2 == 0 ? 200 : 500;
            return Task.CompletedTask;
        });
        for (var i = 0; i < 8; i++)
        {
            await site.PostLead();
            await Task.Delay(250, TestContext.Current.CancellationToken);
        }

        await Eventually.Equal(8, () => Count(site, destination, "delivered"), "all get through in the end");
        Assert.DoesNotContain($"Destination {destination.Id} keeps failing", _router.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LeadManager_DownUntilTheScheduleIsUsedUp_IsHeldNotGivenUp()
    {
        await using var router = await RouterFixture.Start(
            hasty.Servers, workers: 1, ("Delivery:PauseAfter", "00:00:00.3"), ("Delivery:ProbeInterval", "00:00:00.5"),
            ("Delivery:PauseTick", "00:00:00.2"),
            ("Delivery:LateAfter", "00:00:00.6"));
        var site = await router.CreateSite();
        router.Receiver.Answer(site.LeadManager.Path, 503);
        var lead = await site.PostLead();
        await site.Delivery(site.LeadManager, "held");
        router.Receiver.Answer(site.LeadManager.Path, 200);
        var delivered = await site.Delivery(site.LeadManager, "delivered");
        Assert.Equal(lead, delivered.GetProperty("lead_id").GetString());
        Assert.Equal(0, (await router.Broker.Peek(router.VirtualHost, "lead-dead-letters")).GetArrayLength());

        // Operators were told, and told when it was over.
        Assert.Contains($"Site {site.Id}: 1 leads have not reached Lead Manager in time", router.Output, StringComparison.Ordinal);
        await Eventually.True(() =>
            router.Output.Contains($"Lead Manager {site.LeadManager.Id} has all its leads again", StringComparison.Ordinal), "it is over");
    }

    [Fact]
    public async Task Owner_PausesAndResumes_NothingIsSentBetween()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("by-hand");
        Assert.Equal("owner", (await site.Patch(destination, new { paused = true })).GetProperty("paused_by").GetString());
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        for (var i = 0; i < 20; i++)
            await site.PostLead();
        await Eventually.Equal(20, () => Count(site, destination, "held"), "all are held");
        await Task.Delay(2000, TestContext.Current.CancellationToken);
        Assert.Empty(_router.Receiver.At(destination.Path));

        await site.Patch(destination, new { paused = false });
        await Eventually.Equal(20, () => Count(site, destination, "delivered"), "all are sent");
        Assert.All(_router.Receiver.At(destination.Path), request => Assert.Equal(1, request.Attempt));
    }

    [Fact]
    public async Task Pause_OfLeadManagerOrWhatIsOff_IsRefusedAndEndsWithBeingSwitchedOff()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("off-and-on");
        Assert.Equal(HttpStatusCode.Conflict,
            (await _router.Admin.PatchAsJsonAsync($"/api/sites/{site.Id}/destinations/{site.LeadManager.Id}", new { paused = true }))
            .StatusCode);
        await site.Patch(destination, new { paused = true });
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        await site.PostLead();
        await Eventually.Equal(1, () => Count(site, destination, "held"), "it is held");
        Assert.Equal(1, (await site.Patch(destination, new { active = false })).GetProperty("canceled_deliveries").GetInt32());
        Assert.Null(await Paused(site, destination));
        Assert.Equal(HttpStatusCode.Conflict,
            (await _router.Admin.PatchAsJsonAsync($"/api/sites/{site.Id}/destinations/{destination.Id}", new { paused = true }))
            .StatusCode);
    }

    [Fact]
    public async Task Destination_GoneWhileItsLeadsAreHeld_TheyAreCanceled()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("gone");
        _router.Receiver.Answer(destination.Path, 500);
        for (var i = 0; i < 5; i++)
            await site.PostLead();
        await Eventually.True(async () => await Count(site, destination, "held") >= 4, "all but a probe are held");

        // Its next probe hears that it wants no more.
        _router.Receiver.Answer(destination.Path, 410);
        await Eventually.True(async () => await Count(site, destination, "canceled") >= 4, "they are canceled");
        Assert.Equal(0, await Count(site, destination, "held"));
        await site.AssertAccountedFor(5);
    }

    private async Task<string?> Paused(TestSite site, TestDestination destination) =>
        (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/destinations/{destination.Id}")).GetProperty("paused_by")
            .GetString();

    private async Task<int> Count(TestSite site, TestDestination destination, string state) =>
        (await _router.Admin.GetFromJsonAsync<JsonElement>(
            $"/api/sites/{site.Id}/deliveries?state={state}&destination={destination.Id}&limit=500"))
            .GetProperty("items").EnumerateArray().Count(item => item.GetProperty("action").GetString() == "created");
}
