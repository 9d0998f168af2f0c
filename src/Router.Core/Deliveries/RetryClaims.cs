using Microsoft.Extensions.Options;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;
using Router.Core.Leads;

namespace Router.Core.Deliveries;

/// <summary>A retry that now belongs to this worker, until its lease ends.</summary>
/// <param name="Lead">The event as accepted.</param>
/// <param name="Attempt">The number to send.</param>
/// <param name="Step">How many retries of the schedule were made before.</param>
/// <param name="Since">When its event was accepted, or a replay of it asked for.</param>
/// <param name="IsProbe">Whether it tries if a paused destination is well again.</param>
/// <param name="WasDelivered">Whether it replays what was delivered before, and stays delivered if it fails.</param>
/// <param name="IsLeftOut">
/// Whether it waited for its lead, and the destination's filter has left that one out meanwhile: then it isn't sent either.
/// </param>
public sealed record ClaimedRetry(
    LeadEvent Lead, int Attempt, int Step, DateTimeOffset Since, bool IsProbe, bool WasDelivered, bool IsLeftOut);

/// <summary>
/// Claims retries by number, so that no two workers make the same attempt: the number is taken in Postgres before the
/// request is made. A worker that dies with a number leaves a gap; the next one is due when the lease ends. A number that a crash of
/// Postgres forgets is due as before, so it isn't flushed; without a number (a dead one is replayed) it is: that would have no way back.
/// </summary>
public sealed class RetryClaims(
    NpgsqlDataSource flushed, [FromKeyedServices(Databases.Unflushed)] NpgsqlDataSource unflushed, DatabaseAvailability availability,
    IOptions<DeliveryOptions> options, CommitMetrics metrics)
    : GroupCommit<RetryDelivery, ClaimedRetry?>(availability, TimeSpan.FromMilliseconds(2), metrics.Of("claims"))
{
    /// <summary>The claimed retry, or null when it is no longer to be made: done, or in another worker's hands.</summary>
    public Task<ClaimedRetry?> Claim(RetryDelivery retry) => Commit(retry);

    /// <inheritdoc/>
    protected override async ValueTask<IReadOnlyList<ClaimedRetry?>> Write(
        IReadOnlyList<RetryDelivery> rows, CancellationToken cancellationToken)
    {
        // A number claims a retrying delivery; no number claims a dead one and starts its schedule anew. Neither without the lead's
        // contents: what was deleted is never sent as an empty lead.
        const string sql = """
            with claimed as (
                update deliveries d
                set attempts = d.attempts + 1,
                    retry_step = case when d.state = 'dead' then 0 else d.retry_step end,
                    replayed_at = case when d.state = 'dead' then now() else d.replayed_at end,
                    state = 'retrying',
                    next_attempt_at = coalesce(d.next_attempt_at, now()),
                    finished_at = null,
                    leased_until = now() + $4
                from unnest($1, $2, $3) as c (event_id, destination_id, attempt)
                cross join lateral (select * from lead_events where id = c.event_id and id between $5 and $6 and body is not null limit 1) e
                where d.destination_id = c.destination_id and d.accepted_at = e.accepted_at and d.event_id = c.event_id
                  and d.event_id between $5 and $6
                  and (d.state = 'retrying' and d.attempts = c.attempt - 1 and d.next_attempt_at <= now()
                       or d.state = 'dead' and c.attempt is null)
                returning d.event_id, d.destination_id, d.attempts, d.retry_step, d.attempt as recorded,
                          d.delivered_at is not null as was_delivered, coalesce(d.replayed_at, d.accepted_at) as since,
                          e.site_id, e.action, e.lead_id, e.lead_id_text, e.product, e.source_system, e.accepted_at, e.body, e.test,
                          e.traceparent
            ), lost as (
                -- The attempt before was claimed and never recorded: its worker died, and it may or may not have arrived.
                insert into delivery_attempts (event_id, destination_id, site_id, attempt, started_at, duration_us, result, error)
                select c.event_id, c.destination_id, c.site_id, c.attempts - 1, now(), 0, 'failed', 'worker_lost'
                from claimed c
                where c.attempts > 1 and c.recorded is distinct from c.attempts - 1 and not exists (
                    select from delivery_attempts a
                    where a.event_id = c.event_id and a.destination_id = c.destination_id and a.attempt = c.attempts - 1
                      and a.event_id between $5 and $6)
            )
            select event_id, destination_id, attempts, retry_step::int, site_id, action, lead_id_text, product, source_system,
                   accepted_at, body, test,
                   exists (
                       select from destination_failures f
                       where f.destination_id = c.destination_id and f.probe_event_id = c.event_id) as is_probe,
                   was_delivered,
                   -- Its first attempt comes this way only after it has waited for something.
                   attempts = 1 and action in ('updated', 'activity_added') and exists (
                       select from lead_events l
                       where l.site_id = c.site_id and l.lead_id = c.lead_id and l.action = 'created' and l.accepted_at <= c.accepted_at
                         and c.destination_id = any (l.left_out)) as is_left_out,
                   since, traceparent
            from claimed c
            """;
        await using var connection = await (rows.Any(row => row.Attempt is null) ? flushed : unflushed)
            .OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        command.Add(NpgsqlDbType.Uuid, rows, row => row.EventId);
        command.Add(NpgsqlDbType.Uuid, rows, row => row.DestinationId);
        command.Add(NpgsqlDbType.Integer, rows, row => row.Attempt);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.Lease });
        command.AddSpan(rows, row => row.EventId);

        var claimed = new Dictionary<(Guid, Guid), ClaimedRetry>(rows.Count);
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
                claimed.Add((reader.GetGuid(0), reader.GetGuid(1)), Read(reader));
        }

        // What isn't to be had may have lost its contents between a replay's look at them and its update: due for ever, and
        // never to be sent.
        if (claimed.Count < rows.Count)
            await CancelErased(connection, rows, cancellationToken);

        // Two messages of one delivery in one batch: only the first of them has it.
        var results = new ClaimedRetry?[rows.Count];
        for (var i = 0; i < rows.Count; i++)
        {
            if (claimed.Remove((rows[i].EventId, rows[i].DestinationId), out var retry))
                results[i] = retry;
        }

        return results;
    }

    private static async Task CancelErased(
        NpgsqlConnection connection, IReadOnlyList<RetryDelivery> rows, CancellationToken cancellationToken)
    {
        const string sql = $"""
            {DeliveryCancellation.Cancel}
            from unnest($1, $2) as c (event_id, destination_id)
            cross join lateral (
                select accepted_at from lead_events where id = c.event_id and id between $3 and $4 and body is null limit 1) e
            where d.destination_id = c.destination_id and d.accepted_at = e.accepted_at and d.event_id = c.event_id
              and d.event_id between $3 and $4 and d.state = 'retrying'
            """;
        await using var command = new NpgsqlCommand(sql, connection);
        command.Add(NpgsqlDbType.Uuid, rows, row => row.EventId);
        command.Add(NpgsqlDbType.Uuid, rows, row => row.DestinationId);
        command.AddSpan(rows, row => row.EventId);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static ClaimedRetry Read(NpgsqlDataReader reader) => new(
        new LeadEvent
        {
            EventId = reader.GetGuid(0),
            SiteId = reader.GetGuid(4),
            Action = LeadActions.Parse(reader.GetString(5)),
            LeadId = reader.GetString(6),
            Product = reader.GetString(7),
            SourceSystem = reader.GetString(8),
            AcceptedAt = reader.GetFieldValue<DateTimeOffset>(9),
            Lead = new RawJson(reader.GetFieldValue<byte[]>(10)),
            Test = reader.IsDBNull(11) ? null : LeadTests.Parse(reader.GetString(11)),
            TraceParent = reader.IsDBNull(16) ? null : reader.GetString(16),
        },
        reader.GetInt32(2),
        reader.GetInt32(3),
        reader.GetFieldValue<DateTimeOffset>(15),
        reader.GetBoolean(12),
        reader.GetBoolean(13),
        reader.GetBoolean(14));
}
