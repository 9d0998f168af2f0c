using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;
using Router.Core.Destinations;
using Router.Core.Intake;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>An event, the destinations that it goes to, and the names that the sender chose and the site doesn't have.</summary>
public sealed record PlannedEvent(LeadEvent Lead, IReadOnlyList<Guid> Destinations, string[]? Unknown, bool IsRedelivery)
{
    /// <summary>Those of them that don't take every lead.</summary>
    internal IReadOnlyList<Destination> Filtered { get; init; } = [];

    /// <summary>Whether it is a duplicate, where one of their filters asks.</summary>
    internal bool IsDuplicate { get; init; }

    /// <summary>Those of them whose filter doesn't fit what it says itself.</summary>
    internal IReadOnlyList<Guid> Unfit { get; init; } = [];

    /// <summary>Those whose filter it doesn't fit; they are no longer among the others.</summary>
    internal IReadOnlyList<Guid> LeftOut { get; init; } = [];

    /// <summary>Those at which it waits for earlier events of its lead.</summary>
    internal IReadOnlyList<Guid> InOrder { get; init; } = [];

    /// <summary>Whether it was written before and no answer came: it may be there all the same, planned by us.</summary>
    internal bool IsInDoubt { get; set; }
}

/// <summary>What a plan comes to.</summary>
/// <param name="Destinations">Those to which the event must be sent now.</param>
/// <param name="AcceptedAt">
/// When the event was accepted, as the ledger has it: of two requests with one <c>Idempotency-Key</c> that of the first.
/// </param>
/// <param name="Waiting">Those of them at which an earlier event of the lead isn't done with; null for none.</param>
public sealed record Plan(IReadOnlyList<Guid> Destinations, DateTimeOffset AcceptedAt, IReadOnlySet<Guid>? Waiting = null)
{
    /// <summary>Whether the event must not be sent there before an earlier one of its lead has ended.</summary>
    public bool Waits(Guid destination) => Waiting is not null && Waiting.Contains(destination);
}

/// <summary>
/// Stage 1: one row for each event, with the destinations that were active. An event that is delivered again (its worker died) keeps the
/// destinations of its first plan and gets back those without an outcome, and so does one whose plan was committed when the answer of
/// Postgres was lost. An event that was published again gets nothing: the message that came first is responsible for it.
/// Where an earlier event of the same lead isn't done with, the delivery is noted as waiting for it (<see cref="LeadOrder"/>).
/// </summary>
public sealed class DeliveryPlanner(
    [FromKeyedServices(Databases.Unflushed)] NpgsqlDataSource database, DatabaseAvailability availability,
    Duplicates duplicates, IOptions<OrderOptions> options, CommitMetrics metrics)
    : GroupCommit<PlannedEvent, Plan>(availability, measured: metrics.Of("plans"))
{
    /// <summary>The destinations to which the event must be sent now; waits while the database is away.</summary>
    /// <param name="lead">The event.</param>
    /// <param name="site">Its site.</param>
    /// <param name="isRedelivery">Whether the broker delivers the message again, because nobody acknowledged it before.</param>
    public Task<Plan> Plan(LeadEvent lead, SiteDestinations site, bool isRedelivery)
    {
        var (chosen, unknown) = site.Choose(lead.OnlyDestinations, lead.Action);
        var planned = new PlannedEvent(lead, [.. chosen.Select(destination => destination.Id)], unknown, isRedelivery)
        {
            Filtered = lead.Action.IsAboutLead() && chosen.Any(destination => destination.Own.Filter is not null)
                ? [.. chosen.Where(destination => destination.Own.Filter is not null)] : [],
            InOrder = options.Value.Keep && lead.Action.MayFollow()
                ? [.. chosen.Where(destination => destination.KeepsOrder).Select(destination => destination.Id)] : [],
        };
        return lead.Action == LeadAction.Created && planned.Filtered.Any(destination => destination.Own.Filter!.AsksForDuplicates)
            ? CommitMarked(planned) : Commit(PlanFilters.Compared(planned));
    }

    private async Task<Plan> CommitMarked(PlannedEvent planned) =>
        await Commit(PlanFilters.Compared(planned with { IsDuplicate = await duplicates.Has(planned.Lead) }));

    /// <inheritdoc/>
    protected override async ValueTask<IReadOnlyList<Plan>> Write(IReadOnlyList<PlannedEvent> rows, CancellationToken cancellationToken)
    {
        try
        {
            return await WriteOnce(rows, cancellationToken);
        }
        catch
        {
            foreach (var row in rows)
                row.IsInDoubt = true;
            throw;
        }
    }

    private async Task<Plan[]> WriteOnce(IReadOnlyList<PlannedEvent> rows, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        rows = await PlanFilters.Apply(connection, rows, cancellationToken);
        // The same event twice in one batch: the second finds what the first has planned. What may repeat another event comes
        // after that one, for a statement doesn't see its own rows.
        var events = rows.DistinctBy(row => row.Lead.EventId).ToList();
        var ids = events.Select(row => row.Lead.EventId).ToHashSet();
        // What waits is written together with what it is part of: a crash of Postgres forgets both or neither.
        await using var together = events.Exists(row => row.InOrder.Count > 0)
            ? await connection.BeginTransactionAsync(cancellationToken) : null;
        var fresh = new HashSet<Guid>(events.Count);
        foreach (var batch in events.GroupBy(row => row.Lead.Repeats is { } repeated && ids.Contains(repeated)).OrderBy(group => group.Key))
            fresh.UnionWith(await PlanInserts.Insert(connection, [.. batch], cancellationToken));
        var again = rows.Where(row => (row.IsRedelivery || row.IsInDoubt) && !fresh.Contains(row.Lead.EventId))
            .Select(row => row.Lead.EventId).ToHashSet();
        // Of those that come again, too: their worker may have died in between.
        var planned = events.FindAll(row => fresh.Contains(row.Lead.EventId) || again.Contains(row.Lead.EventId));
        var waiting = await PlanWaits.Note(connection, planned, cancellationToken);
        if (together is not null)
            await together.CommitAsync(cancellationToken);

        // Those are held and let go at once, if the earlier one isn't under way.
        if (waiting is not null && planned.Exists(row => row.Lead.Action.SaysAllAgain() && waiting.ContainsKey(row.Lead.EventId)))
            await Superseded.Cancel(connection, cancellationToken);
        var rest = again.Count == 0 ? null : await WithoutOutcome(connection, [.. again], cancellationToken);

        var taken = new HashSet<Guid>(rows.Count);
        var results = new Plan[rows.Count];
        for (var i = 0; i < rows.Count; i++)
        {
            var (lead, destinations, _, isRedelivery) = rows[i];
            var isFirst = taken.Add(lead.EventId);
            results[i] = fresh.Contains(lead.EventId)
                ? new Plan(isFirst || isRedelivery ? destinations : [], lead.AcceptedAt, waiting?.GetValueOrDefault(lead.EventId))
                : isRedelivery || (rows[i].IsInDoubt && isFirst) ? rest!.GetValueOrDefault(lead.EventId) ?? new Plan([], lead.AcceptedAt)
                : new Plan([], lead.AcceptedAt);
        }

        return results;
    }

    private static async Task<Dictionary<Guid, Plan>> WithoutOutcome(
        NpgsqlConnection connection, IReadOnlyList<Guid> events, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            select e.id, e.accepted_at, array(
                select x.id from unnest(e.destinations) x (id)
                where not exists (
                    select from deliveries d
                    where d.destination_id = x.id and d.accepted_at = e.accepted_at and d.event_id = e.id and d.event_id between $2 and $3)
                ),
                array(select w.destination_id from delivery_waits w where w.event_id = e.id)
            from lead_events e where e.id = any($1) and e.id between $2 and $3
            """, connection);
        command.Add(NpgsqlDbType.Uuid, events, id => id);
        command.AddSpan(events, id => id);

        var plans = new Dictionary<Guid, Plan>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var waiting = reader.GetFieldValue<Guid[]>(3);
            var plan = new Plan(reader.GetFieldValue<Guid[]>(2), reader.GetFieldValue<DateTimeOffset>(1));
            plans.Add(reader.GetGuid(0), waiting.Length == 0 ? plan : plan with { Waiting = waiting.ToHashSet() });
        }

        return plans;
    }
}
