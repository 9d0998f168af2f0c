using System.Globalization;
using Dapper;
using Npgsql;

namespace Router.Core.Alerts;

/// <summary>Finds what only a look at every site and at many destinations tells: every ten minutes.</summary>
internal sealed class SlowTroubles(NpgsqlDataSource database)
{
    private const int Seconds = 120;

    /// <summary>
    /// All of it, and for which kinds it looked: while accepted leads wait for RabbitMQ nobody knows whose they are, so who is silent.
    /// </summary>
    public async Task<(List<FoundTrouble> Found, IReadOnlySet<TroubleKind> Looked)> Find(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var found = (await RefusingAll(connection, cancellationToken)).ToList();
        if (await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from lead_outbox)", cancellationToken: cancellationToken)))
            return (found, new HashSet<TroubleKind> { TroubleKind.RefusingAll });

        found.AddRange(await Silent(connection, cancellationToken));
        return (found, new HashSet<TroubleKind> { TroubleKind.RefusingAll, TroubleKind.Silent });
    }

    /// <summary>Active destinations that refused each of the latest ten that they answered, the last one within 30 days.</summary>
    private static async Task<IEnumerable<FoundTrouble>> RefusingAll(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string sql = """
            with recursive refusing (id) as (
                (select destination_id from deliveries where state in ('rejected', 'canceled') order by destination_id limit 1)
                union all
                select (select destination_id from deliveries
                        where state in ('rejected', 'canceled') and destination_id > refusing.id order by destination_id limit 1)
                from refusing where refusing.id is not null
            )
            select x.id, x.site_id, latest.since, latest.count
            from destinations x cross join lateral (
                select count(*)::int as count, bool_and(n.state = 'rejected') as all_refused, min(n.finished_at) as since from (
                    select d.state, d.finished_at from deliveries d
                    where d.destination_id = x.id and not d.is_test and d.accepted_at > now() - interval '30 days'
                    order by d.accepted_at desc, d.event_id desc limit 50) n
                where n.state in ('delivered', 'rejected')
            ) latest
            where x.active and x.id in (select id from refusing) and latest.count >= 10 and latest.all_refused
            """;
        var rows = await connection.QueryAsync<(Guid Id, Guid SiteId, DateTimeOffset Since, int Count)>(
            new CommandDefinition(sql, commandTimeout: Seconds, cancellationToken: cancellationToken));
        return rows.Select(row => FoundTrouble.OfDestination(
            TroubleKind.RefusingAll, row.SiteId, row.Id, row.Since, row.Count, "It answers that it doesn't want them."));
    }

    /// <summary>
    /// Sites whose time without a lead is unlike the same hours of each of the last four weeks: then there were so many that a gap as long
    /// as this comes by chance once in three months of a site's life at most, and never fewer than two. A site with few leads, or less than
    /// four weeks old, is never told of.
    /// </summary>
    private static async Task<IEnumerable<FoundTrouble>> Silent(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // If leads come at random, a gap in which n were to be expected follows each of them with a chance of e^-n. The busier a site, and
        // the more sites there are, the more gaps there are to be taken for something.
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
            where latest.accepted_at < now() - interval '1 hour' and weeks.least >= 2
              and weeks.average >= greatest(6, ln(greatest(usual.count, 1)) + ln(1 + (select count(*) from sites) / 100.0) + 1)
            """;
        var rows = await connection.QueryAsync<(Guid Id, DateTimeOffset Since, int Count)>(
            new CommandDefinition(sql, commandTimeout: Seconds, cancellationToken: cancellationToken));
        return rows.Select(row => new FoundTrouble(
            $"site:{row.Id:D}", TroubleKind.Silent, row.Id, DestinationId: null, Product: null, row.Since, Count: 0,
            Usually(row.Count / 28.0), IsWorthTelling: true));
    }

    private static string Usually(double leadsADay) => leadsADay switch
    {
        < 1.5 => "It usually gets one lead a day.",
        _ => string.Create(CultureInfo.InvariantCulture, $"It usually gets {leadsADay:0} leads a day."),
    };
}
