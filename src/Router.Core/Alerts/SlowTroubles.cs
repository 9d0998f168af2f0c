using System.Globalization;
using Dapper;
using Npgsql;

namespace Router.Core.Alerts;

/// <summary>Finds what only a look at every site and destination tells: every ten minutes.</summary>
internal sealed class SlowTroubles(NpgsqlDataSource database)
{
    /// <summary>What it looks for.</summary>
    public static readonly IReadOnlySet<TroubleKind> Kinds = new HashSet<TroubleKind> { TroubleKind.RefusingAll, TroubleKind.Silent };

    public async Task<List<FoundTrouble>> Find(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return [.. await RefusingAll(connection, cancellationToken), .. await Silent(connection, cancellationToken)];
    }

    /// <summary>Active destinations that refused each of the latest ten that they answered.</summary>
    private static async Task<IEnumerable<FoundTrouble>> RefusingAll(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string sql = """
            select x.id, x.site_id, latest.since, latest.count
            from destinations x cross join lateral (
                select count(*)::int as count, bool_and(n.state = 'rejected') as all_refused, min(n.finished_at) as since from (
                    select d.state, d.finished_at from deliveries d
                    where d.destination_id = x.id and not d.is_test and d.accepted_at > now() - interval '30 days'
                    order by d.accepted_at desc, d.event_id desc limit 50) n
                where n.state in ('delivered', 'rejected')
            ) latest
            where x.active and latest.count >= 10 and latest.all_refused
            """;
        var rows = await connection.QueryAsync<(Guid Id, Guid SiteId, DateTimeOffset Since, int Count)>(
            new CommandDefinition(sql, commandTimeout: 120, cancellationToken: cancellationToken));
        return rows.Select(row => new FoundTrouble(
            FoundTrouble.OfDestination(row.Id), TroubleKind.RefusingAll, row.SiteId, row.Id, Product: null, row.Since, row.Count,
            "It answers 406 to each: it doesn't want them.", IsWorthTelling: true));
    }

    /// <summary>
    /// Sites whose time without a lead is unlike the same hours of each of the last four weeks: then there were six or more on average, and
    /// never fewer than two. By chance that happens once in four hundred times; a site with few leads, or less than four weeks old, is
    /// never told of.
    /// </summary>
    private static async Task<IEnumerable<FoundTrouble>> Silent(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string isLead = "e.action = 'created' and e.test is null and e.product <> ''";
        const string sql = $"""
            select s.id, latest.accepted_at as since, usual.count
            from sites s
            cross join lateral (
                select e.accepted_at from lead_events e
                where e.site_id = s.id and {isLead} and e.accepted_at > now() - interval '28 days'
                order by e.accepted_at desc limit 1
            ) latest
            cross join lateral (
                select avg(week.count) as average, min(week.count) as least
                from generate_series(1, 4) w cross join lateral (
                    select count(*) from (
                        select from lead_events e
                        where e.site_id = s.id and {isLead} and e.accepted_at > latest.accepted_at - w * interval '7 days'
                          and e.accepted_at <= now() - w * interval '7 days'
                        limit 1000) e
                ) week
            ) weeks
            cross join lateral (
                select count(*)::int from lead_events e
                where weeks.average >= 6 and weeks.least >= 2 and e.site_id = s.id and {isLead}
                  and e.accepted_at between latest.accepted_at - interval '28 days' and latest.accepted_at
            ) usual
            where latest.accepted_at < now() - interval '1 hour' and weeks.average >= 6 and weeks.least >= 2
            """;
        var rows = await connection.QueryAsync<(Guid Id, DateTimeOffset Since, int Count)>(
            new CommandDefinition(sql, commandTimeout: 120, cancellationToken: cancellationToken));
        return rows.Select(row => new FoundTrouble(
            FoundTrouble.OfSite(row.Id), TroubleKind.Silent, row.Id, DestinationId: null, Product: null, row.Since, Leads: 0,
            string.Create(CultureInfo.InvariantCulture, $"Usually {Math.Max(1, row.Count / 28.0):0} leads come a day."),
            IsWorthTelling: true));
    }
}
