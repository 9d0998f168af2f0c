using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;

namespace Router.Core.Deliveries;

/// <summary>
/// Outcomes of deliveries that have a row: retries, first attempts that were noted as under way, and events that came a second time. A row
/// changes only if this is the attempt that it waits for, except that a proof of delivery always counts: a worker that froze and woke up
/// after its lease may be the one that got through. A number above the ledger's was claimed there, before a crash of Postgres forgot it.
/// </summary>
internal static class LaterOutcomes
{
    // Which rows move, d from the ledger and m from the worker.
    private const string Moves = "(d.state = 'retrying' and d.attempts <= m.number or d.state <> 'delivered' and m.state = 'delivered')";

    private static readonly string TakeSql = $"""
        with made as materialized (
            select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
                 with ordinality as m (
                event_id, destination_id, accepted_at, number, attempt, started_at, duration_us, result, status, requests, error,
                response_headers, response_body, reason, state, step, delay, lease, is_finished, n)
        ), planned as (
            -- An answer may repeat the lead, and what is erased stays erased.
            select m.n::int, e.is_there, m.event_id, m.destination_id, m.accepted_at, m.number, m.attempt, m.started_at, m.duration_us,
                   m.result, m.status, m.requests, m.error, case when not e.is_erased then m.response_headers end as response_headers,
                   case when not e.is_erased then m.response_body end as response_body,
                   case when not e.is_erased then m.reason end as reason, m.state, m.step, m.delay, m.is_finished
            from made m left join lateral (
                select true as is_there, body is null as is_erased
                from lead_events where id = m.event_id and id between $20 and $21 limit 1) e on true
        ), found as (
            select m.*, d.site_id, {Moves} as moves, coalesce(d.attempt = m.attempt and d.started_at = m.started_at, false) as is_known,
                   d.attempt as was_attempt, d.started_at as was_started_at, d.duration_us as was_duration_us, d.result as was_result,
                   d.status as was_status, d.requests as was_requests, d.error as was_error,
                   d.response_headers as was_response_headers, d.response_body as was_response_body, d.reason as was_reason
            from planned m join deliveries d
              on d.destination_id = m.destination_id and d.accepted_at = m.accepted_at and d.event_id = m.event_id
              and d.event_id between $20 and $21
            for update of d
        ), guessed as (
            -- Its worker was taken for lost, and here it is.
            delete from delivery_attempts a using found f
            where a.event_id = f.event_id and a.event_id between $20 and $21 and a.destination_id = f.destination_id
              and a.attempt = f.attempt and a.error = 'worker_lost'
        ), earlier as (
            insert into delivery_attempts (
                event_id, destination_id, site_id, attempt, started_at, duration_us, result, status, requests, error,
                response_headers, response_body, reason)
            select event_id, destination_id, site_id, was_attempt, was_started_at, was_duration_us, was_result, was_status, was_requests,
                   was_error, was_response_headers, was_response_body, was_reason
            from found where moves and not is_known and was_attempt is not null
            union all
            select event_id, destination_id, site_id, attempt, started_at, duration_us, result, status, requests, error,
                   response_headers, response_body, reason
            from found where not moves and not is_known
            on conflict do nothing
        ), moved as (
            -- A replay of what was delivered before takes nothing from its receiver.
            update deliveries d
            set state = case when f.state in ('dead', 'rejected') and d.delivered_at is not null then 'delivered' else f.state end,
                attempts = greatest(d.attempts, f.number), retry_step = f.step,
                next_attempt_at = now() + f.delay, leased_until = null, finished_at = case when f.is_finished then now() end,
                first_attempt_at = case when f.is_known then d.first_attempt_at else coalesce(d.first_attempt_at, d.started_at) end,
                attempt = f.attempt, started_at = f.started_at, duration_us = f.duration_us, result = f.result, status = f.status,
                requests = f.requests, error = f.error, response_headers = f.response_headers, response_body = f.response_body,
                reason = f.reason
            from found f
            where f.moves and d.destination_id = f.destination_id and d.accepted_at = f.accepted_at and d.event_id = f.event_id
              and d.event_id between $20 and $21
        ), {RecordedStatements.DestinationFailures("found")}
        select p.n, p.is_there is not null as is_planned from planned p
        where not exists (select from found f where f.n = p.n)
        """;

    /// <summary>Moves the rows; returns those of deliveries that have none.</summary>
    /// <param name="connection">Open.</param>
    /// <param name="rows">Each delivery once.</param>
    /// <param name="lost">Gets the events that aren't in the ledger.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<List<RecordedAttempt>> Update(
        NpgsqlConnection connection, List<RecordedAttempt> rows, HashSet<Guid> lost, CancellationToken cancellationToken)
    {
        var without = new List<RecordedAttempt>();
        if (rows.FindAll(row => row.Kind is RecordKind.Made) is { Count: > 0 } made)
            without.AddRange(await Take(connection, made, lost, cancellationToken));
        if (rows.FindAll(row => row.Kind is not RecordKind.Made) is { Count: > 0 } waiting)
            without.AddRange(await Wait(connection, waiting, lost, cancellationToken));
        return without;
    }

    /// <summary>
    /// An attempt was made: the row becomes this attempt, and what it was moves to <c>delivery_attempts</c>; an attempt that came too late
    /// goes there itself.
    /// </summary>
    private static async Task<List<RecordedAttempt>> Take(
        NpgsqlConnection connection, List<RecordedAttempt> rows, HashSet<Guid> lost, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(TakeSql, connection);
        command.AddKeys(rows);
        command.AddAttempts(rows);
        command.AddState(rows);
        command.AddSpan(rows, row => row.Lead.EventId);
        return await command.Record(rows, lost, cancellationToken);
    }

    /// <summary>
    /// No attempt was made, or none is over: it waits for room, for its destination's pause to end, or for the request that is under way.
    /// </summary>
    private static async Task<List<RecordedAttempt>> Wait(
        NpgsqlConnection connection, List<RecordedAttempt> rows, HashSet<Guid> lost, CancellationToken cancellationToken)
    {
        const string sql = $"""
            with waiting as materialized (
                select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) with ordinality as m (
                    event_id, destination_id, accepted_at, number, begun, state, step, delay, lease, is_finished, n)
            ), found as (
                select m.*, {Moves} as moves
                from waiting m join deliveries d
                  on d.destination_id = m.destination_id and d.accepted_at = m.accepted_at and d.event_id = m.event_id
                  and d.event_id between $11 and $12
                for update of d
            ), moved as (
                -- A number that was claimed and not used goes back.
                update deliveries d
                set state = f.state, attempts = case when f.begun < f.number then f.begun else greatest(d.attempts, f.number) end,
                    retry_step = f.step, next_attempt_at = now() + f.delay, leased_until = now() + f.lease, finished_at = null
                from found f
                where f.moves and d.destination_id = f.destination_id and d.accepted_at = f.accepted_at and d.event_id = f.event_id
                  and d.event_id between $11 and $12
            )
            select m.n::int,
                   (select true from lead_events e where e.id = m.event_id and e.id between $11 and $12 limit 1) is not null as is_planned
            from waiting m where not exists (select from found f where f.n = m.n)
            """;
        await using var command = new NpgsqlCommand(sql, connection);
        command.AddKeys(rows);
        command.Add(NpgsqlDbType.Integer, rows, row => row.Begun);
        command.AddState(rows);
        command.AddSpan(rows, row => row.Lead.EventId);
        return await command.Record(rows, lost, cancellationToken);
    }

    private static void AddKeys(this NpgsqlCommand command, List<RecordedAttempt> rows)
    {
        command.Add(NpgsqlDbType.Uuid, rows, row => row.Lead.EventId);
        command.Add(NpgsqlDbType.Uuid, rows, row => row.DestinationId);
        command.Add(NpgsqlDbType.TimestampTz, rows, row => row.Lead.AcceptedAt);
        command.Add(NpgsqlDbType.Integer, rows, row => row.Number);
    }
}
