using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A person ends a pause: probes come hours later, so what happens here is that person's doing.</summary>
public sealed class PauseEndTests(TestServers servers) : IAsyncLifetime
{
    private RouterFixture _router = null!;

    public async ValueTask InitializeAsync() => _router = await RouterFixture.Start(
        servers, workers: 2, ("Delivery:PauseFailures", "3"), ("Delivery:PauseAfter", "00:00:00.5"), ("Delivery:ProbeInterval", "02:00:00"),
        ("Delivery:MaxProbeInterval", "02:00:00"), ("Delivery:PauseTick", "00:00:00.2"),
        ("Delivery:RetrySchedule", "00:00:01,00:00:01,00:00:01,00:00:01,00:00:01,00:00:01"));

    public ValueTask DisposeAsync() => _router.DisposeAsync();

    [Fact]
    public async Task Destination_PausedByTheRouter_IsTriedOnceItsOwnerHasFixedIt()
    {
        var (resumed, resumedAt) = await PausedDestination();
        var (corrected, correctedAt) = await PausedDestination();
        var (switched, switchedAt) = await PausedDestination();

        _router.Receiver.Answer(resumedAt.Path, 200);
        await resumed.Patch(resumedAt, new { paused = false });

        await corrected.Patch(correctedAt, new { url = new Uri(_router.Receiver.Url, $"{correctedAt.Path}-corrected") });

        _router.Receiver.Answer(switchedAt.Path, 200);
        await switched.Patch(switchedAt, new { active = false });
        await switched.Patch(switchedAt, new { active = true });
        await switched.PostLead();

        await Eventually.Equal(5, () => Delivered(resumed, resumedAt), "what was held is sent after resuming");
        await Eventually.Equal(5, () => Delivered(corrected, correctedAt), "it is probed at once where its URL was corrected");
        await Eventually.Equal(1, () => Delivered(switched, switchedAt), "it takes leads again after it was off");
        foreach (var (site, destination) in new[] { (resumed, resumedAt), (corrected, correctedAt), (switched, switchedAt) })
        {
            Assert.Null(await Paused(site, destination));
            await site.AssertAccountedFor(site == switched ? 6 : 5);
        }
    }

    private async Task<(TestSite Site, TestDestination Destination)> PausedDestination()
    {
        var site = await _router.CreateSite();
        var destination = await site.AddDestination("down");
        _router.Receiver.Answer(destination.Path, 500);
        for (var i = 0; i < 5; i++)
            await site.PostLead();
        await Eventually.Equal("router", () => Paused(site, destination), "it is paused");
        await Eventually.True(
            async () => await _router.Query<long>(
                "select count(*) from deliveries where destination_id = @Id and state = 'held'", destination) == 5, "all are held");
        return (site, destination);
    }

    private async Task<string?> Paused(TestSite site, TestDestination destination) =>
        (await _router.Admin.GetFromJsonAsync<JsonElement>($"/api/sites/{site.Id}/destinations/{destination.Id}")).GetProperty("paused_by")
            .GetString();

    private Task<long> Delivered(TestSite site, TestDestination destination) => _router.Query<long>(
        "select count(*) from deliveries d join lead_events e on e.id = d.event_id "
        + "where d.site_id = @Site and d.destination_id = @Id and d.state = 'delivered' and e.action = 'created'",
        new { Site = site.Id, destination.Id });
}
