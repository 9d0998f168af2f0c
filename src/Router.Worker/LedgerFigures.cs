using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Alerts;
using Router.Core.Deliveries;
using Router.Core.Retention;

namespace Router.Worker;

/// <summary>What waits at one destination.</summary>
/// <param name="Retrying">Deliveries that are tried again.</param>
/// <param name="RetryingSince">When the oldest of those that haven't arrived yet was accepted; null for none.</param>
/// <param name="Held">Deliveries that wait for its pause to end, or for an earlier event of their lead.</param>
/// <param name="HeldSince">As for those that are tried again.</param>
internal sealed record Backlog(
    Guid DestinationId, Guid SiteId, long Retrying, DateTimeOffset? RetryingSince, long Held, DateTimeOffset? HeldSince);

/// <summary>How many destinations send, and why others don't.</summary>
internal sealed record DestinationStates(long Sending, long PausedByRouter, long PausedByPerson, long Off);

/// <summary>The days of the ledger.</summary>
/// <param name="Days">All of them.</param>
/// <param name="Ahead">Those that haven't begun.</param>
/// <param name="Overdue">Those whose contents or rows are kept for longer than configured.</param>
internal sealed record LedgerDays(long Days, long Ahead, long Overdue);

/// <summary>What lies in Postgres and is not done with.</summary>
/// <param name="Backlogs">By destination, those where something waits.</param>
/// <param name="Dead">Deliveries given up within 30 days; counted no further than 100,000.</param>
/// <param name="Outbox">Accepted events that RabbitMQ hasn't got.</param>
/// <param name="OutboxSince">When the oldest of them came; null for none.</param>
/// <param name="SetAside">Messages that wait for an operator.</param>
/// <param name="AlertsUnsent">Alerts that were tried and could not be sent yet.</param>
/// <param name="DatabaseBytes">The size of the database.</param>
/// <param name="Destinations">How many there are.</param>
/// <param name="Days">The days of the ledger.</param>
/// <param name="Troubles">What needs a person, by kind; every kind.</param>
internal sealed record LedgerFigures(
    IReadOnlyList<Backlog> Backlogs, long Dead, long Outbox, DateTimeOffset? OutboxSince, long SetAside, long AlertsUnsent,
    long DatabaseBytes, DestinationStates Destinations, LedgerDays Days, IReadOnlyDictionary<TroubleKind, long> Troubles)
{
    private const int Seconds = 30;

    // Destinations with something waiting are walked to by steps in partial indexes: those that are well cost nothing.
    private const string Sql = $"""
        with recursive {WaitingDestinations.Retrying}, {WaitingDestinations.Held}
        select x.id as destination_id, x.site_id, r.count as retrying, r.oldest as retrying_since, h.count as held, h.oldest as held_since
        from (select id from waiting union select id from holding) w
        join destinations x on x.id = w.id
        cross join lateral (
            select count(*) as count, min(accepted_at) filter (where delivered_at is null and not is_test) as oldest
            from deliveries where destination_id = w.id and state = 'retrying') r
        cross join lateral (
            select count(*) as count, min(accepted_at) filter (where delivered_at is null and not is_test) as oldest
            from deliveries where destination_id = w.id and state = 'held') h;

        select (select count(*) from (
                    select from deliveries where state = 'dead' and not is_test and accepted_at > now() - interval '30 days' limit 100000) d
               ) as dead,
               (select count(*) from lead_outbox) as outbox, (select min(kept_at) from lead_outbox) as outbox_since,
               (select count(*) from set_aside where message is not null) as set_aside,
               (select count(*) from alerts where sent_at is null and dropped_at is null and error is not null) as alerts_unsent,
               pg_database_size(current_database()) as database_bytes;

        select count(*) filter (where active and paused_at is null) as sending,
               count(*) filter (where active and paused_by = 'router') as paused_by_router,
               count(*) filter (where active and paused_at is not null and paused_by is distinct from 'router') as paused_by_person,
               count(*) filter (where not active) as off
        from destinations where deleted_at is null;

        select count(*) as days, count(*) filter (where starts_at > now()) as ahead,
               count(*) filter (where contents_deleted_at is null and ends_at <= now() - @BodiesAfter
                   or ends_at <= now() - @RowsAfter) as overdue
        from ledger_days;

        select kind, count(*) as count from troubles where ended_at is null group by kind;
        """;

    /// <summary>Looks. What it costs goes by what waits.</summary>
    public static async Task<LedgerFigures> Read(
        NpgsqlDataSource database, IOptions<RetentionOptions> retention, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var answers = await connection.QueryMultipleAsync(new CommandDefinition(
            Sql, new { retention.Value.BodiesAfter, retention.Value.RowsAfter }, commandTimeout: Seconds,
            cancellationToken: cancellationToken));
        var backlogs = (await answers.ReadAsync<Backlog>()).AsList();
        var (dead, outbox, since, setAside, unsent, bytes) =
            await answers.ReadSingleAsync<(long, long, DateTimeOffset?, long, long, long)>();
        var destinations = await answers.ReadSingleAsync<DestinationStates>();
        var days = await answers.ReadSingleAsync<LedgerDays>();
        var troubles = Enum.GetValues<TroubleKind>().ToDictionary(kind => kind, _ => 0L);
        foreach (var (kind, count) in await answers.ReadAsync<(string, long)>())
            troubles[TroubleKinds.Parse(kind)] = count;
        return new LedgerFigures(backlogs, dead, outbox, since, setAside, unsent, bytes, destinations, days, troubles);
    }
}
