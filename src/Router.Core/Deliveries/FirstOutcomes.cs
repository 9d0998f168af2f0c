using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;

namespace Router.Core.Deliveries;

/// <summary>The common outcome: a delivery that has no row yet gets it, with its first attempt in it.</summary>
internal static class FirstOutcomes
{
    // An erasure leaves a canceled row for each delivery that had none: what is inserted here is of an event that has its contents.
    // Whether the event is there is looked up row by row, whatever the planner makes of a young table: it is one step in an index.
    // Where it isn't, its plan was lost, and with it whatever else the plan wrote (what the delivery waits for): no row without them.
    private static readonly string Sql = $"""
        with made as materialized (
            select m.*,
                   (select true from lead_events e where e.id = m.event_id and e.id between $21 and $22 limit 1) is not null as is_planned
            from unnest(
                $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) with ordinality as m (
                event_id, destination_id, site_id, accepted_at, attempts, attempt, started_at, duration_us, result, status, requests, error,
                response_headers, response_body, reason, state, retry_step, delay, lease, is_finished, n)
        ), recorded as (
            insert into deliveries (
                event_id, destination_id, site_id, accepted_at, attempts, attempt, started_at, duration_us, result, status, requests, error,
                response_headers, response_body, reason, state, retry_step, next_attempt_at, leased_until, finished_at)
            select event_id, destination_id, site_id, accepted_at, attempts, attempt, started_at, duration_us, result, status, requests,
                   error, response_headers, response_body, reason, state, retry_step, now() + delay, now() + lease,
                   case when is_finished then now() end
            from made where is_planned order by n
            on conflict do nothing
            returning event_id, destination_id, result, started_at, error
        ), {RecordedStatements.DestinationFailures("recorded")}, checked as (
            select m.n::int, r.event_id is not null as is_recorded, m.is_planned
            from made m left join recorded r on r.event_id = m.event_id and r.destination_id = m.destination_id
        )
        select n, is_planned from checked where not is_recorded
        """;

    /// <summary>Inserts a row for each; those that have one already are returned and left alone.</summary>
    /// <param name="connection">Open.</param>
    /// <param name="rows">Each delivery once.</param>
    /// <param name="lost">Gets the events that aren't in the ledger.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<List<RecordedAttempt>> Insert(
        NpgsqlConnection connection, List<RecordedAttempt> rows, HashSet<Guid> lost, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Add(NpgsqlDbType.Uuid, rows, row => row.Lead.EventId);
        command.Add(NpgsqlDbType.Uuid, rows, row => row.DestinationId);
        command.Add(NpgsqlDbType.Uuid, rows, row => row.Lead.SiteId);
        command.Add(NpgsqlDbType.TimestampTz, rows, row => row.Lead.AcceptedAt);
        command.Add(NpgsqlDbType.Integer, rows, row => row.Begun);
        command.AddAttempts(rows);
        command.AddState(rows);
        command.AddSpan(rows, row => row.Lead.EventId);

        return await command.Record(rows, lost, cancellationToken);
    }
}
