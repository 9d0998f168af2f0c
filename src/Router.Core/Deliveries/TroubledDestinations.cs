using Dapper;
using Npgsql;
using Router.Core.Destinations;

namespace Router.Core.Deliveries;

/// <summary>A destination that needs somebody: deliveries fail, were given up or are held, or it is paused.</summary>
/// <param name="DestinationId">The destination.</param>
/// <param name="DestinationName">What its owner calls it.</param>
/// <param name="Kind">Lead Manager, registered or custom.</param>
/// <param name="Active">Whether it still gets leads.</param>
/// <param name="SiteId">Its site.</param>
/// <param name="SiteName">The site's name.</param>
/// <param name="FailingSince">When the first of those that failed since its last success was tried; null when it is well or off.</param>
/// <param name="HasMore">More failed since then than are looked at: it began earlier.</param>
/// <param name="LastStatus">The latest failure's HTTP status.</param>
/// <param name="LastError">Why the latest failure had none.</param>
/// <param name="PausedAt">Since when it is paused; null when it isn't.</param>
/// <param name="PausedBy">Who paused it; null where nobody did.</param>
/// <param name="PauseReason">Why the router paused it.</param>
/// <param name="Held">Deliveries on hold, until it is well or resumed; counted as far as those that wait.</param>
/// <param name="Waiting">Deliveries that are tried again; counted no further than <see cref="TroubledDestinations.Most"/>.</param>
/// <param name="Dead">Deliveries given up within 30 days; counted as far.</param>
public sealed record TroubledDestination(
    Guid DestinationId, string DestinationName, string Kind, bool Active, Guid SiteId, string SiteName, DateTimeOffset? FailingSince,
    bool HasMore, int? LastStatus,
    string? LastError, DateTimeOffset? PausedAt, PauseOwner? PausedBy, string? PauseReason, int Held, int Waiting, int Dead)
{
    /// <summary>It takes its leads: whatever was given up, nothing fails or is on hold.</summary>
    public bool IsWell => FailingSince is null && PausedAt is null && Held == 0;
}

/// <summary>
/// The destinations of all sites that need somebody: what <see cref="DestinationHealth"/> says of one, found among tens of thousands. Its
/// cost is by the number of those in trouble, whatever the number of sites and of deliveries.
/// </summary>
public sealed class TroubledDestinations(NpgsqlDataSource database)
{
    /// <summary>Counts end one above this: for whoever looks, there is no difference beyond.</summary>
    public const int Most = 10_000;

    // How many of a destination's newest deliveries are looked at.
    private const int Newest = 2_000;

    /// <summary>Failing and paused ones first, Lead Managers before all others.</summary>
    /// <param name="sites">Of these sites only; null for all.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<List<TroubledDestination>> List(IReadOnlyCollection<Guid>? sites, int limit, CancellationToken cancellationToken)
    {
        // Walks from destination to destination, each step one look into a partial index: a million deliveries that wait for one
        // cost one step.
        const string sql = $"""
            with recursive {WaitingDestinations.Retrying},
            dead (id) as (
                (select destination_id from deliveries where state = 'dead' and not is_test order by destination_id limit 1)
                union all
                select (select destination_id from deliveries
                        where state = 'dead' and not is_test and destination_id > dead.id order by destination_id limit 1)
                from dead where dead.id is not null
            ),
            {DestinationPauses.Holding}
            select x.id as destination_id, x.name as destination_name, x.kind, x.active, s.id as site_id, s.name as site_name,
                   failing.since as failing_since, coalesce(failing.has_more, false) as has_more, failure.last_status, failure.last_error,
                   x.paused_at, x.paused_by, x.pause_reason, holds.count as held, waits.count as waiting, given_up.count as dead
            from destinations x
            join sites s on s.id = x.site_id
            left join lateral (
                select n.accepted_at, coalesce(n.delivered_at, n.finished_at) as finished_at from (
                    select d.state, d.accepted_at, d.finished_at, d.delivered_at from deliveries d
                    where d.destination_id = x.id and not d.is_test and d.accepted_at > now() - interval '30 days'
                    order by d.accepted_at desc, d.event_id desc limit @Newest) n
                where n.state = 'delivered' limit 1
            ) success on true
            left join lateral (
                select min(n.first_attempt_at) as since, count(*) = @Newest as has_more from (
                    select d.state, d.attempts, coalesce(d.first_attempt_at, d.started_at) as first_attempt_at, d.status, d.error
                    from deliveries d
                    where d.destination_id = x.id and not d.is_test
                      and d.accepted_at > coalesce(success.accepted_at, now() - interval '30 days')
                    order by d.accepted_at desc, d.event_id desc limit @Newest) n
                where n.state in ('retrying', 'held', 'dead') and n.attempts > 0 and (n.status is not null or n.error is not null)
                  and n.first_attempt_at > coalesce(success.finished_at, '-infinity')
            ) failing on x.active
            left join lateral (
                -- The state is looked at outside: inside, a planner that believes that hardly anything fails would read the whole ledger.
                select n.status::int as last_status, n.error as last_error from (
                    select d.state, d.attempts, d.status, d.error from deliveries d
                    where d.destination_id = x.id and not d.is_test and d.accepted_at > now() - interval '30 days'
                    order by d.accepted_at desc, d.event_id desc limit @Newest) n
                where n.state in ('retrying', 'held', 'dead') and n.attempts > 0 and (n.status is not null or n.error is not null) limit 1
            ) failure on failing.since is not null
            cross join lateral (
                select count(*)::int from (
                    select from deliveries d where d.destination_id = x.id and d.state = 'retrying' and not d.is_test limit @Most + 1) d
            ) waits
            cross join lateral (
                select count(*)::int from (
                    select from deliveries d where d.destination_id = x.id and {LeadOrder.IsHeldForDestination} limit @Most + 1) d
            ) holds
            cross join lateral (
                select count(*)::int from (
                    select from deliveries d
                    where d.destination_id = x.id and d.state = 'dead' and not d.is_test and d.accepted_at > now() - interval '30 days'
                    limit @Most + 1) d
            ) given_up
            where x.id in (
                select id from waiting union select id from dead union select id from holding
                union select id from destinations where paused_at is not null)
              and (@sites::uuid[] is null or x.site_id = any (@sites))
              and (failing.since is not null or given_up.count > 0 or x.paused_at is not null
                   or holds.count > 0 and x.quiet_hours is null)
            order by failing.since is null and x.paused_at is null, x.kind <> 'lead_manager', given_up.count desc, waits.count desc, x.id
            limit @limit
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<TroubledDestination>(new CommandDefinition(
            sql, new { sites = sites?.ToArray(), limit, Most, Newest }, cancellationToken: cancellationToken))).AsList();
    }
}
