using Dapper;
using Npgsql;
using Router.Testing;

namespace Router.Benchmarks.Measuring;

/// <summary>What a lead takes in Postgres, in bytes: with its rows at three destinations, their answers and all indexes.</summary>
internal sealed class Storage
{
    private readonly string _database;
    private readonly string _position;
    private readonly long _events;

    private Storage(string database, string position, long events) => (_database, _position, _events) = (database, position, events);

    /// <summary>From here on.</summary>
    public static async Task<Storage> Begin(string database)
    {
        await using var connection = await Open(database);
        return new Storage(
            database, await connection.QuerySingleAsync<string>("select pg_current_wal_lsn()::text"), await Events(connection));
    }

    /// <summary>By kind of table, and what was written ahead (WAL), which a standby or an archive gets, too.</summary>
    public async Task<(string, double)[]> PerLead()
    {
        await using var connection = await Open(_database);
        // What is written a moment later, too.
        await Task.Delay(TimeSpan.FromSeconds(2));
        var events = await Events(connection);
        var sizes = (await connection.QueryAsync<(string Table, long Bytes)>(
            """
            select t, coalesce(
                (select sum(pg_total_relation_size(relid)) from pg_partition_tree(t::regclass) where isleaf),
                pg_total_relation_size(t::regclass))::bigint
            from unnest(array['lead_events', 'deliveries', 'delivery_attempts', 'leads']) t
            """)).ToDictionary(size => size.Table, size => size.Bytes);
        var written = await connection.QuerySingleAsync<double>(
            "select pg_wal_lsn_diff(pg_current_wal_lsn(), @_position::pg_lsn)::float8", new { _position });
        return
        [
            ("event", 1d * sizes["lead_events"] / events),
            ("deliveries", 1d * (sizes["deliveries"] + sizes["delivery_attempts"]) / events),
            ("for searches", 1d * sizes["leads"] / events),
            ("WAL", written / (events - _events)),
        ];
    }

    private static Task<long> Events(NpgsqlConnection connection) =>
        connection.QuerySingleAsync<long>("select count(*) from lead_events");

    private static async Task<NpgsqlConnection> Open(string database)
    {
        var connection = new NpgsqlConnection(Postgres.ConnectionString(new Uri(database)));
        await connection.OpenAsync();
        return connection;
    }
}
