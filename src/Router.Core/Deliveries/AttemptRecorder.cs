using Npgsql;
using Router.Core.Database;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>What is to be written down of a delivery.</summary>
public enum RecordKind
{
    /// <summary>A request was made.</summary>
    Made,

    /// <summary>There was no room: no request, no number used.</summary>
    Deferred,

    /// <summary>Its turn comes at a known time: no request, no number used; it is leased to this worker meanwhile.</summary>
    Awaited,

    /// <summary>A request is under way that takes longer than its lane waits; it is leased to this worker meanwhile.</summary>
    UnderWay,
}

/// <summary>A step of a delivery and the state that it leads to.</summary>
/// <param name="Lead">The event.</param>
/// <param name="DestinationId">The destination.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Number">The attempt's number.</param>
/// <param name="Attempt">The request, if one was made.</param>
/// <param name="State">The state that it leads to.</param>
/// <param name="Step">How many retries of the schedule are used up once the next one is made.</param>
/// <param name="Delay">Until the next attempt; null unless the state is retrying.</param>
/// <param name="Lease">For how long it is in this worker's hands; null when it isn't.</param>
public sealed record RecordedAttempt(
    LeadEvent Lead, Guid DestinationId, RecordKind Kind, int Number, Attempt? Attempt, DeliveryState State, int Step, TimeSpan? Delay,
    TimeSpan? Lease = null)
{
    internal (Guid Destination, Guid Event) Key => (DestinationId, Lead.EventId);

    /// <summary>The number of the last attempt that was begun: one that found no room wasn't.</summary>
    internal int Begun => Kind is RecordKind.Deferred or RecordKind.Awaited ? Number - 1 : Number;
}

/// <summary>
/// An event that was planned isn't in the ledger: Postgres died, or another took its place, between the plan, whose commit isn't flushed,
/// and now. The broker still holds the event.
/// </summary>
public sealed class LostPlanException(Guid eventId) : Exception($"The plan of event {eventId} was lost in a crash of Postgres.");

/// <summary>
/// Stage 3: outcomes of attempts, flushed to disk. Only after that is the broker's message acknowledged. An outcome of a delivery that has
/// no row yet is one plain insert (<see cref="FirstOutcomes"/>), and most deliveries need no more; everything else is a transition of the
/// row that is there (<see cref="LaterOutcomes"/>).
/// </summary>
public sealed class AttemptRecorder(NpgsqlDataSource database, DatabaseAvailability availability, CommitMetrics metrics)
    : GroupCommit<RecordedAttempt, bool>(availability, TimeSpan.FromMilliseconds(5), metrics.Of("outcomes"))
{
    /// <summary>Returns when the attempt is on disk; waits while the database is away.</summary>
    /// <exception cref="LostPlanException">
    /// Postgres crashed and lost the plan, which wasn't flushed: plan and send the event anew.
    /// </exception>
    public async Task Record(RecordedAttempt attempt)
    {
        using var span = DeliveryTraces.Record(attempt);
        if (!await Commit(attempt))
            throw new LostPlanException(attempt.Lead.EventId);
    }

    /// <inheritdoc/>
    protected override async ValueTask<IReadOnlyList<bool>> Write(IReadOnlyList<RecordedAttempt> rows, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        using var standby = new StandbyConfirmation(connection);
        var lost = new HashSet<Guid>();
        // In the order of the index: two workers that meet wait for each other in one direction only, and neighbors share a page.
        var sorted = rows.OrderBy(row => row.DestinationId).ThenBy(row => row.Lead.AcceptedAt).ThenBy(row => row.Lead.EventId).ToList();
        var first = sorted.FindAll(row => row.Number == 1);
        var later = sorted.FindAll(row => row.Number != 1);
        // One statement sees each delivery once; a second outcome of it, or one that found a row or none against expectation, is
        // for the next.
        while (first.Count > 0 || later.Count > 0)
        {
            if (TakeDistinct(first) is { Count: > 0 } begun)
                later.AddRange(await FirstOutcomes.Insert(connection, begun, lost, cancellationToken));
            if (TakeDistinct(later) is { Count: > 0 } going)
                first.AddRange(await LaterOutcomes.Update(connection, going, lost, cancellationToken));
        }

        // What is written a second time takes the row's lock at least, and so waits for the standby in any case.
        standby.Require();
        return [.. rows.Select(row => !lost.Contains(row.Lead.EventId))];
    }

    private static List<RecordedAttempt> TakeDistinct(List<RecordedAttempt> rows)
    {
        var keys = new HashSet<(Guid, Guid)>(rows.Count);
        var taken = rows.FindAll(row => keys.Add(row.Key));
        if (taken.Count == rows.Count)
            rows.Clear();
        else
            rows.RemoveAll(taken.ToHashSet(ReferenceEqualityComparer.Instance).Contains);
        return taken;
    }
}
