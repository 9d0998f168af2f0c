using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Database;
using Router.Core.Intake;
using Router.Core.Leads;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Which event an event follows, as two API hosts find it out on the real register.</summary>
public sealed class EventSequenceTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private static readonly Guid Site = Guid.NewGuid();

    /// <summary>
    /// A request that came to nothing is sent again, and the claim of its Idempotency-Key was lost: nobody remembers that it came before.
    /// </summary>
    [Fact]
    public async Task SameEventAgain_ThatNobodyRemembers_FollowsWhatItFollowedBefore()
    {
        await using var database = NpgsqlDataSource.Create(
            Postgres.ConnectionString(new Uri(shared.Router.Settings["Database:ConnectionString"])));
        using var here = await Host(database);
        using var there = await Host(database);
        var lead = Guid.NewGuid().ToString("N");
        var (created, updated, second) = (
            Event(lead, LeadAction.Created), Event(lead, LeadAction.Updated), Event(lead, LeadAction.Updated));

        Assert.Null(await here.Place(created));
        Assert.Equal(created.EventId, await here.Place(updated));
        Assert.Equal(created.EventId, await here.Place(updated));
        Assert.Equal(created.EventId, await there.Place(updated));
        Assert.Equal(updated.EventId, await there.Place(second));
        Assert.Equal(updated.EventId, await here.Place(second));
    }

    private static LeadEvent Event(string lead, LeadAction action) => new()
    {
        EventId = Guid.NewGuid(), SiteId = Site, LeadId = lead, Action = action, AcceptedAt = TimeProvider.System.GetUtcNow(),
        Product = "web", SourceSystem = "web", Lead = new RawJson("{}"u8.ToArray()),
    };

    private static async Task<OneHost> Host(NpgsqlDataSource database)
    {
        var options = Options.Create(new OrderOptions { Timeout = TimeSpan.FromSeconds(30) });
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        var register = new EventRegister(
            database, options, TimeProvider.System, NullLogger<EventRegister>.Instance, new CommitMetrics(meters));
        await register.StartAsync(CancellationToken.None);
        return new OneHost(register, new EventSequence(register, new RecentEvents(TimeProvider.System), options));
    }

    private sealed record OneHost(EventRegister Register, EventSequence Sequence) : IDisposable
    {
        public async Task<Guid?> Place(LeadEvent lead)
        {
            var (placed, entered) = await Sequence.Place(lead, isRepetition: false);
            await entered;
            return placed.Follows;
        }

        public void Dispose() => Register.Dispose();
    }
}
