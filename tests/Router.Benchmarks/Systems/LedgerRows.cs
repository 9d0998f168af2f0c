using System.Data;
using Dapper;
using Npgsql;

namespace Router.Benchmarks.Systems;

/// <summary>Makes a young ledger an old one.</summary>
internal static class LedgerRows
{
    /// <summary>
    /// Sites like the one that is there, and deliveries for them, all in the partition that new ones go to: the worst case. Partitions for
    /// three months, so that statements have as many to choose from as in an old ledger.
    /// </summary>
    /// <returns>The sites.</returns>
    public static async Task<IReadOnlyList<Guid>> Add(
        RouterSystem router, IReadOnlyList<Uri> destinations, int sites, int deliveries, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(Postgres.ConnectionString(new Uri(router.Database)) + ";Command Timeout=0");
        await connection.OpenAsync(cancellationToken);
        Task<int> Execute(string sql, object? parameters = null) =>
            connection.ExecuteAsync(
            new CommandDefinition(sql, parameters, commandType: CommandType.Text, cancellationToken: cancellationToken));

        await Execute("set synchronous_commit = off");
        await Execute("""
            create temp table site_numbers as select n, gen_random_uuid() as id from generate_series(0, @sites - 1) n;
            with made as (
                insert into sites (id, name, domain, login_url_template)
                select id, 'Site ' || n, 'www.site.test', 'https://www.site.test/login/{lead_id}' from site_numbers
            )
            insert into destinations (id, site_id, kind, name, url, secret, partner_id)
            select gen_random_uuid(), s.id, case d.i when 1 then 'lead_manager' else 'custom' end, 'Destination ' || d.i, d.url || s.n,
                   (select secret from destinations limit 1), 'partner ' || s.n
            from site_numbers s cross join unnest(@urls) with ordinality as d (url, i);
            insert into product_sites (product, site_id) select 'bench', id from site_numbers
            """, new { sites, urls = destinations.Select(url => url.AbsoluteUri).ToArray() });
        await Execute("select create_ledger_day((max(starts_at) at time zone 'UTC')::date + i) "
            + "from ledger_days cross join generate_series(1, 90) i group by i order by i");
        await Execute("""
            create temp table events as
            select (lpad(to_hex((extract(epoch from t.at) * 1000)::bigint), 12, '0') || '7' || substr(md5(i::text), 1, 19))::uuid as id,
                   s.id as site_id, t.at
            from generate_series(0, @events - 1) i
            cross join lateral (select date_trunc('day', now(), 'UTC') + (now() - date_trunc('day', now(), 'UTC')) * i / @events as at) t
            join site_numbers s on s.n = i % @sites
            """, new { events = deliveries / destinations.Count, sites });
        await Execute("""
            insert into lead_events (id, site_id, action, lead_id, lead_id_text, product, source_system, accepted_at, body, destinations)
            select id, site_id, 'created', gen_random_uuid(), id::text, 'bench', 'Benchmark', at,
                   convert_to('{"source":"history","notes":"' || repeat(md5(id::text), 20) || '"}', 'UTF8'),
                   (select array_agg(d.id) from destinations d where d.site_id = events.site_id)
            from events
            """);
        await Execute("""
            insert into deliveries (
                event_id, destination_id, site_id, state, attempts, attempt, started_at, duration_us, result, status,
                accepted_at, finished_at)
            select e.id, d.id, e.site_id, 'delivered', 1, 1, e.at, 12345, 'delivered', 200, e.at, e.at
            from events e join destinations d on d.site_id = e.site_id
            """);
        await Execute("vacuum analyze");
        await Execute("checkpoint");

        return (await connection.QueryAsync<Guid>(
            new CommandDefinition("select id from site_numbers", cancellationToken: cancellationToken))).AsList();
    }
}
