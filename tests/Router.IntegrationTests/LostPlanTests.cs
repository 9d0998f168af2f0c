using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Router.Core;
using Router.Core.Database;
using Router.Core.Deliveries;
using Router.Core.Leads;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// The plan of an event isn't flushed. When Postgres dies, or another server takes its place, it may be gone by the time that its worker
/// has an outcome.
/// </summary>
public sealed class LostPlanTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData(DeliveryState.Held)]
    [InlineData(DeliveryState.Retrying)]
    public async Task Outcome_OfALostPlan_LeavesNoDeliveryThatWaitsForNothing(DeliveryState state)
    {
        var site = await _router.CreateSite();
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddMetrics()
            .AddLedger(new ConfigurationBuilder().AddInMemoryCollection(
                new Dictionary<string, string?> { ["Database:ConnectionString"] = _router.Database }).Build())
            .BuildServiceProvider();
        using var recorder = ActivatorUtilities.CreateInstance<AttemptRecorder>(services);
        await recorder.StartAsync(TestContext.Current.CancellationToken);
        var now = TimeProvider.System.GetUtcNow();
        var lead = new LeadEvent
        {
            EventId = Guid.CreateVersion7(now), SiteId = site.Id, Action = LeadAction.Updated, LeadId = $"{Guid.NewGuid()}",
            AcceptedAt = now, Product = "p", SourceSystem = "P", Lead = new RawJson("""{"source":"x"}"""u8.ToArray()),
        };

        await Assert.ThrowsAsync<LostPlanException>(() => recorder.Record(new RecordedAttempt(
            lead, site.LeadManager.Id, RecordKind.Deferred, 1, Attempt: null, state, 0,
            state is DeliveryState.Retrying ? TimeSpan.FromHours(1) : null)));
        Assert.Equal(0, await _router.Query<int>("select count(*)::int from deliveries where event_id = @EventId", new { lead.EventId }));
        await recorder.StopAsync(TestContext.Current.CancellationToken);
    }
}
