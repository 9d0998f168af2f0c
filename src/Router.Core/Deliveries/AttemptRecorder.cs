using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;

namespace Router.Core.Deliveries;

/// <summary>What is to be written down of a delivery.</summary>
public enum RecordKind
{
    /// <summary>A request was made.</summary>
    Made,

    /// <summary>There was no room: no request, no number used.</summary>
    Deferred,

    /// <summary>A request is under way that takes longer than its lane waits; it is leased to this worker meanwhile.</summary>
    UnderWay,
}

/// <summary>A step of a delivery and the state that it leads to.</summary>
/// <param name="EventId">The event.</param>
/// <param name="DestinationId">The destination.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Number">The attempt's number.</param>
/// <param name="Attempt">The request, if one was made.</param>
/// <param name="State">One of <see cref="DeliveryStates"/>.</param>
/// <param name="Step">How many retries of the schedule are used up once the next one is made.</param>
/// <param name="Delay">Until the next attempt; null unless the state is retrying.</param>
public sealed record RecordedAttempt(Guid EventId, Guid DestinationId, RecordKind Kind, int Number, Attempt? Attempt, string State, int Step, TimeSpan? Delay);

/// <summary>
/// A delivery that was planned isn't in the ledger: Postgres died between the plan, whose commit isn't flushed, and now. The
/// broker still holds the event.
/// </summary>
public sealed class LostPlanException(Guid eventId) : Exception($"The plan of event {eventId} was lost in a crash of Postgres.");

/// <summary>
/// Stage 3: attempt rows and delivery states, flushed to disk. Only after that is the broker's message acknowledged.
/// </summary>
public sealed class AttemptRecorder(NpgsqlDataSource database, DatabaseAvailability availability)
    : GroupCommit<RecordedAttempt, bool>(availability, TimeSpan.FromMilliseconds(5))
{
    /// <summary>Returns when the attempt is on disk; waits while the database is away.</summary>
    /// <exception cref="LostPlanException">Postgres crashed and lost the plan, which wasn't flushed: plan and send the event anew.</exception>
    public async Task Record(RecordedAttempt attempt)
    {
        if (!await Commit(attempt))
            throw new LostPlanException(attempt.EventId);
    }

    /// <inheritdoc/>
    protected override async ValueTask<IReadOnlyList<bool>> Write(IReadOnlyList<RecordedAttempt> rows, CancellationToken cancellationToken)
    {
        // The state changes only if this is the attempt that the delivery waits for, except that a proof of delivery always
        // counts: a worker that froze and woke up after its lease may be the one that got through. A number above the ledger's was claimed there,
        // before a crash of Postgres forgot it. A replay of what was delivered before takes nothing from its receiver.
        const string sql = """
            with made as (
                select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $16, $17)
                    as m (event_id, destination_id, attempt, started_at, duration_us, result, status, error, response_body, state, step, delay, kind,
                          response_headers, requests)
            ), planned as (
                select distinct on (m.event_id, m.destination_id) m.*, e.site_id, e.accepted_at, e.body is null as is_erased
                from made m join lead_events e on e.id = m.event_id and e.id between $14 and $15
                order by m.event_id, m.destination_id, m.state = 'delivered' desc
            ), recorded as (
                -- An answer may repeat the lead, and what is erased stays erased.
                insert into delivery_attempts (
                    event_id, destination_id, attempt, started_at, duration_us, result, status, error, response_body, response_headers, requests)
                select m.event_id, m.destination_id, m.attempt, m.started_at, m.duration_us, m.result, m.status, m.error,
                       case when p.is_erased then null else m.response_body end, case when p.is_erased then null else m.response_headers end, m.requests
                from made m left join planned p on p.event_id = m.event_id and p.destination_id = m.destination_id
                where m.kind = 'made'
                on conflict do nothing
            ), moved as (
                -- Its row begins with the first outcome, and most end with it. Where there is one already, excluded tells the kind: what was made
                -- has a time of its attempt, what is under way has a lease, what was deferred has neither.
                insert into deliveries as d (
                    event_id, destination_id, site_id, accepted_at, state, attempts, retry_step, next_attempt_at, leased_until, last_status, last_error,
                    first_attempt_at, finished_at)
                select event_id, destination_id, site_id, accepted_at, state, case when kind = 'deferred' then attempt - 1 else attempt end, step, now() + delay,
                       case when kind = 'under_way' then now() + delay end, status, error, started_at,
                       case when state not in ('retrying', 'held') then now() end
                from planned
                on conflict (event_id, destination_id) do update
                set state = case when excluded.state in ('dead', 'rejected') and d.delivered_at is not null then 'delivered' else excluded.state end,
                    attempts = case when excluded.first_attempt_at is null and excluded.leased_until is null then excluded.attempts
                                    else greatest(d.attempts, excluded.attempts) end,
                    retry_step = excluded.retry_step,
                    next_attempt_at = excluded.next_attempt_at,
                    leased_until = excluded.leased_until,
                    last_status = case when excluded.first_attempt_at is not null then excluded.last_status else d.last_status end,
                    last_error = case when excluded.first_attempt_at is not null then excluded.last_error else d.last_error end,
                    first_attempt_at = coalesce(d.first_attempt_at, excluded.first_attempt_at),
                    finished_at = excluded.finished_at
                where d.state = 'pending'
                   or d.state = 'retrying' and d.attempts <= excluded.attempts + case when excluded.first_attempt_at is null and excluded.leased_until is null then 1 else 0 end
                   or d.state <> 'delivered' and excluded.state = 'delivered'
            ), well as (
                -- Looked for only: hardly ever is there a row to delete.
                delete from destination_failures f
                using (select distinct destination_id from made where result in ('delivered', 'rejected')) m
                where f.destination_id = m.destination_id
            ), failing as (
                insert into destination_failures (destination_id, failures, since)
                select destination_id, count(*), min(started_at) from made m
                where result = 'failed' and not exists (
                    select from made w where w.destination_id = m.destination_id and w.result in ('delivered', 'rejected'))
                group by destination_id order by destination_id
                on conflict (destination_id) do update set failures = destination_failures.failures + excluded.failures
            )
            select m.event_id, m.destination_id from made m
            where not exists (select from planned p where p.event_id = m.event_id)
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        command.Add(NpgsqlDbType.Uuid, rows, row => row.EventId);
        command.Add(NpgsqlDbType.Uuid, rows, row => row.DestinationId);
        command.Add(NpgsqlDbType.Integer, rows, row => row.Number);
        command.Add(NpgsqlDbType.TimestampTz, rows, row => row.Attempt?.StartedAt);
        command.Add(NpgsqlDbType.Bigint, rows, row => row.Attempt?.Duration.Ticks / TimeSpan.TicksPerMicrosecond);
        command.Add(NpgsqlDbType.Text, rows, row => row.Attempt is null ? null : Name(row.Attempt.Result));
        command.Add(NpgsqlDbType.Integer, rows, row => row.Attempt?.Answer.Status);
        command.Add(NpgsqlDbType.Text, rows, row => row.Attempt?.Answer.ErrorCode);
        command.Add(NpgsqlDbType.Bytea, rows, row => row.Attempt?.Answer.Body);
        command.Add(NpgsqlDbType.Text, rows, row => row.State);
        command.Add(NpgsqlDbType.Integer, rows, row => row.Step);
        command.Add(NpgsqlDbType.Interval, rows, row => row.Delay);
        command.Add(NpgsqlDbType.Text, rows, row => row.Kind switch { RecordKind.Made => "made", RecordKind.Deferred => "deferred", _ => "under_way" });
        command.AddSpan(rows, row => row.EventId);
        command.Add(NpgsqlDbType.Text, rows, row => row.Attempt?.Answer.Headers);
        command.Add(NpgsqlDbType.Smallint, rows, row => row.Attempt is { Answer.IsOfSecondRequest: true } ? (short)2 : (short?)null);

        HashSet<(Guid, Guid)>? lost = null;
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
                (lost ??= []).Add((reader.GetGuid(0), reader.GetGuid(1)));
        }

        return [.. rows.Select(row => lost is null || !lost.Contains((row.EventId, row.DestinationId)))];
    }

    private static string Name(AttemptResult result) => result switch
    {
        AttemptResult.Delivered => "delivered",
        AttemptResult.Rejected => "rejected",
        _ => "failed",
    };
}
