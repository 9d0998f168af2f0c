using Dapper;
using Npgsql;

namespace Router.Core.Deliveries;

/// <summary>How a destination does.</summary>
/// <param name="DestinationId">The destination.</param>
/// <param name="LastDeliveredAt">When it took a lead last, within 30 days.</param>
/// <param name="FailingSince">When the first of those that failed since then was tried, of the newest 2,000; null when it is well.</param>
/// <param name="RefusedAt">When it refused one last since its last success (406, 410); null when it hasn't.</param>
/// <param name="Refused">How many it has refused since then, of the newest 2,000.</param>
/// <param name="LastStatus">The latest failure's HTTP status.</param>
/// <param name="LastError">Why the latest failure had none.</param>
/// <param name="LastFailedAt">When that request was made; null when it is well.</param>
/// <param name="Waiting">Deliveries that are tried again; counted no further than 10,001.</param>
/// <param name="Held">Deliveries that wait until it is well, or resumed; counted as far.</param>
/// <param name="Dead">Deliveries given up within 30 days; counted no further than 10,001.</param>
/// <param name="Delivered">By hour of the last 24, the present one last.</param>
/// <param name="Failed">The same of those that failed or still do.</param>
public sealed record DestinationHealthRow(
    Guid DestinationId, DateTimeOffset? LastDeliveredAt, DateTimeOffset? FailingSince, DateTimeOffset? RefusedAt, int Refused,
    int? LastStatus, string? LastError, DateTimeOffset? LastFailedAt,
    int Waiting, int Held, int Dead, int[] Delivered, int[] Failed)
{
    /// <summary>It answers, and takes nothing: not one within 30 days, or none of the latest ten.</summary>
    public bool RefusesAll => Refused >= 10 || Refused > 0 && LastDeliveredAt is null;
}

/// <summary>Reads how destinations do from the ledger. Tests don't count.</summary>
public sealed class DestinationHealth(NpgsqlDataSource database)
{
    // How many of a destination's newest deliveries are looked at for its last success: beyond them it is just failing for long.
    private const int Newest = 2_000;

    // Applied to the newest ones outside of the query that finds them: inside, a planner that believes that hardly anything fails would
    // read the whole ledger for the few that do.
    // An attempt that is under way for the first time is neither a success nor a failure yet.
    private const string Failure =
        "d.state in ('retrying', 'held', 'dead') and d.attempts > 0 and not d.is_test and (d.status is not null or d.error is not null)";

    /// <summary>Of these destinations, each of them in the answer.</summary>
    public async Task<IReadOnlyDictionary<Guid,
    DestinationHealthRow>> Of(IReadOnlyCollection<Guid> destinations, CancellationToken cancellationToken)
    {
        const string sql = $"""
            select x.id as destination_id, success.at as last_delivered_at, failing.since as failing_since,
                   failing.refused_at, failing.refused, failure.last_status, failure.last_error, failure.last_failed_at,
                   waiting.count as waiting, held.count as held, dead.count as dead, hours.delivered, hours.failed
            from unnest(@ids) as x (id)
            left join lateral (
                select n.accepted_at, coalesce(n.delivered_at, n.finished_at) as at from (
                    select d.state, d.accepted_at, d.finished_at, d.delivered_at from deliveries d
                    where d.destination_id = x.id and not d.is_test and d.accepted_at > now() - interval '30 days'
                    order by d.accepted_at desc, d.event_id desc limit @Newest) n
                where n.state = 'delivered' limit 1
            ) success on true
            left join lateral (
                select min(d.first_attempt_at) filter (where {Failure} and d.first_attempt_at > coalesce(success.at, '-infinity')) as since,
                       max(d.finished_at) filter (where d.state = 'rejected') as refused_at,
                       count(*) filter (where d.state = 'rejected')::int as refused
                from (
                    select d.state, d.attempts, d.is_test, coalesce(d.first_attempt_at, d.started_at) as first_attempt_at, d.finished_at,
                           d.status, d.error
                    from deliveries d
                    where d.destination_id = x.id and not d.is_test
                      and d.accepted_at > coalesce(success.accepted_at, now() - interval '30 days')
                    order by d.accepted_at desc, d.event_id desc limit @Newest) d
            ) failing on true
            left join lateral (
                select d.status::int as last_status, d.error as last_error, d.started_at as last_failed_at from (
                    select d.state, d.attempts, d.is_test, d.status, d.error, d.started_at from deliveries d
                    where d.destination_id = x.id and not d.is_test and d.accepted_at > now() - interval '30 days'
                    order by d.accepted_at desc, d.event_id desc limit @Newest) d
                where {Failure} order by d.started_at desc limit 1
            ) failure on failing.since is not null
            cross join lateral (
                select count(*)::int from (
                    select from deliveries d where d.destination_id = x.id and d.state = 'retrying' and not d.is_test limit @Most + 1) d
            ) waiting
            cross join lateral (
                select count(*)::int from (
                    select from deliveries d where d.destination_id = x.id and {LeadOrder.IsHeldForDestination} limit @Most + 1) d
            ) held
            cross join lateral (
                select count(*)::int from (
                    select from deliveries d
                    where d.destination_id = x.id and d.state = 'dead' and not d.is_test and d.accepted_at > now() - interval '30 days'
                    limit @Most + 1) d
            ) dead
            cross join lateral (
                select array_agg(coalesce(counted.delivered, 0) order by hour) as delivered,
                       array_agg(coalesce(counted.failed, 0) order by hour) as failed
                from generate_series(0, 23) as hour
                left join (
                    select 23 - floor(extract(epoch from now() - d.accepted_at) / 3600)::int as hour,
                           count(*) filter (where d.state = 'delivered')::int as delivered, count(*) filter (where {Failure})::int as failed
                    from deliveries d
                    where d.destination_id = x.id and not d.is_test and d.accepted_at > now() - interval '24 hours'
                    group by 1
                ) counted using (hour)
            ) hours
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<DestinationHealthRow>(new CommandDefinition(
            sql, new { ids = destinations.ToArray(), Newest, TroubledDestinations.Most }, cancellationToken: cancellationToken));
        return rows.ToDictionary(row => row.DestinationId);
    }

    /// <summary>What waits for a destination, to be tried again or until it is well; counted no further than 10,001.</summary>
    public async Task<MessageCounts> Backlog(Guid destination, CancellationToken cancellationToken)
    {
        const string sql = $"""
            select {MessageCounts.Columns} from (
                select e.action from deliveries d join lead_events e on e.id = d.event_id
                where d.destination_id = @destination and d.state in ('retrying', 'held') and not d.is_test
                  and e.action not like 'integration_%'
                limit @Most + 1) waiting
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<MessageCounts>(new CommandDefinition(
            sql, new { destination, TroubledDestinations.Most }, cancellationToken: cancellationToken));
    }
}
