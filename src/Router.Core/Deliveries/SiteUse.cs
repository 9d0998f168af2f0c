using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Sites;

namespace Router.Core.Deliveries;

/// <summary>A site that has most of what it may have, or all.</summary>
/// <param name="SiteId">The site.</param>
/// <param name="SiteName">Its name.</param>
/// <param name="Limit">Of what.</param>
public sealed record SiteNearLimit(Guid SiteId, string SiteName, LimitOfSite Limit);

/// <summary>What sites have of that which is limited, as far as the database knows.</summary>
public sealed class SiteUse(NpgsqlDataSource database, IOptions<SiteLimitOptions> options)
{
    private const double Near = 0.8;
    private const int MostShown = 50;

    // What waits is counted by destination, no further than is worth it; how large it is, by some of it.
    private const string Waiting = """
        cross join lateral (
            select (select count(*) from (select from deliveries where destination_id = x.id and state = 'retrying' limit 100000) r)
                 + (select count(*) from (select from deliveries where destination_id = x.id and state = 'held' limit 100000) h) as count
        ) w
        cross join lateral (
            select avg(octet_length(e.body)) as bytes from (
                (select event_id from deliveries where destination_id = x.id and state = 'retrying' order by next_attempt_at limit 100)
                union all
                (select event_id from deliveries where destination_id = x.id and state = 'held' order by accepted_at limit 100)) d
            join lead_events e on e.id = d.event_id
        ) b
        """;

    private const string Replayed =
        "sum(case when finished_at is null then total else replayed end) filter (where created_at > now() - interval '1 hour' "
        + "or finished_at is null)";

    // How much the site s has. What waits takes longest to count: so each is by itself.
    private static readonly Dictionary<string, string> Counts = new(StringComparer.Ordinal)
    {
        [SiteLimitNames.Destinations] =
            "select count(*) from destinations where site_id = s.id and deleted_at is null and kind <> 'lead_manager'",
        [SiteLimitNames.WaitingMegabytes] =
            $"select ceil(coalesce(sum(w.count * b.bytes), 0) / 1048576)::bigint from destinations x {Waiting} where x.site_id = s.id",
        [SiteLimitNames.Replays] = "select count(*) from replays where site_id = s.id and finished_at is null",
        [SiteLimitNames.ReplayedPerHour] = $"select coalesce({Replayed}, 0)::bigint from replays where site_id = s.id",
        [SiteLimitNames.TestsPerMinute] = """
            select coalesce(sum(t.count), 0)::bigint from destinations x
            cross join lateral (
                select count(*) from deliveries
                where destination_id = x.id and is_test and accepted_at > now() - interval '1 minute') t
            where x.site_id = s.id
            """,
    };

    /// <summary>All of a site's limits.</summary>
    public async Task<IReadOnlyList<LimitOfSite>> Of(Guid siteId, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Of(connection, siteId, Counts.Keys, cancellationToken);
    }

    /// <summary>The first of these of which the site has no more left; null when there is none.</summary>
    /// <param name="connection">Whose transaction has locked the site, so that no two take the last.</param>
    /// <param name="siteId">The site.</param>
    /// <param name="wanted">How much more of which.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<string?> Refusal(
        NpgsqlConnection connection, Guid siteId, IReadOnlyDictionary<string, long> wanted, CancellationToken cancellationToken)
    {
        foreach (var limit in await Of(connection, siteId, wanted.Keys, cancellationToken))
        {
            if (wanted.TryGetValue(limit.Name, out var more) && limit.Used + more > limit.Limit)
                return limit.Sentence(more);
        }

        return null;
    }

    /// <summary>Those that have four fifths of something, or more; the fullest first, 50 at most.</summary>
    public async Task<IReadOnlyList<SiteNearLimit>> NearLimits(CancellationToken cancellationToken)
    {
        const string sql = $"""
            with recursive {WaitingDestinations.Retrying}, {WaitingDestinations.Held},
            used as (
                select site_id, '{SiteLimitNames.Destinations}' as name, count(*)::bigint as used
                from destinations where deleted_at is null and kind <> 'lead_manager' group by site_id
                union all
                select site_id, '{SiteLimitNames.Replays}', count(*) from replays where finished_at is null group by site_id
                union all
                select site_id, '{SiteLimitNames.ReplayedPerHour}', coalesce({Replayed}, 0)::bigint from replays group by site_id
                union all
                select x.site_id, '{SiteLimitNames.WaitingMegabytes}', ceil(sum(w.count * b.bytes) / 1048576)::bigint
                from (select id from waiting union select id from holding) one join destinations x on x.id = one.id {Waiting}
                group by x.site_id
            )
            select s.id, s.name as site_name, u.name, u.used, l.own is not null as is_own, coalesce(l.own, l.usual) as most
            from used u
            join sites s on s.id = u.site_id
            cross join lateral (
                select (s.limits ->> u.name)::bigint as own, (@usual::jsonb ->> u.name)::bigint as usual) l
            where u.used >= @Near * coalesce(l.own, l.usual)
            order by u.used::float8 / coalesce(l.own, l.usual) desc limit @MostShown
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<(Guid Id, string SiteName, string Name, long Used, bool IsOwn, long Most)>(
            new CommandDefinition(sql, new { Near, MostShown, usual = Usual() }, cancellationToken: cancellationToken)))
            .Select(row => new SiteNearLimit(row.Id, row.SiteName, new LimitOfSite(row.Name, row.Most, row.Used, row.IsOwn))).ToList();
    }

    private async Task<IReadOnlyList<LimitOfSite>> Of(
        NpgsqlConnection connection, Guid siteId, IEnumerable<string> counted, CancellationToken cancellationToken)
    {
        var columns = string.Concat(counted.Where(Counts.ContainsKey).Select(name => $", ({Counts[name]}) as {name}"));
        if (await connection.QuerySingleOrDefaultAsync(new CommandDefinition(
            $"select s.limits::text as limits{columns} from sites s where s.id = @siteId", new { siteId },
            cancellationToken: cancellationToken)) is not IDictionary<string, object?> used)
            return [];

        var own = OwnLimits.Parse((string?)used["limits"]);
        var limits = options.Value.Of(own);
        return
        [
            Of(SiteLimitNames.Destinations, limits.Destinations, own?.Destinations),
            Of(SiteLimitNames.InFlight, limits.InFlight, own?.InFlight),
            Of(SiteLimitNames.InFlightAtHost, limits.InFlightAtHost, own?.InFlightAtHost),
            Of(SiteLimitNames.WaitingMegabytes, limits.WaitingMegabytes, own?.WaitingMegabytes),
            Of(SiteLimitNames.Replays, limits.Replays, own?.Replays),
            Of(SiteLimitNames.ReplayedPerHour, limits.ReplayedPerHour, own?.ReplayedPerHour),
            Of(SiteLimitNames.TestsPerMinute, limits.TestsPerMinute, own?.TestsPerMinute),
        ];

        LimitOfSite Of(string name, int limit, int? itsOwn) =>
            new(name, limit, used.TryGetValue(name, out var count) ? (long?)count : null, itsOwn is not null);
    }

    private string Usual()
    {
        var usual = options.Value.Of(own: null);
        return new OwnLimits(
            usual.Destinations, usual.InFlight, usual.InFlightAtHost, usual.WaitingMegabytes, usual.Replays, usual.ReplayedPerHour,
            usual.TestsPerMinute).ToJson();
    }
}
