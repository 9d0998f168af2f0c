using Dapper;
using Npgsql;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// <c>Database/Schema</c> says what the schema is. Databases that are in use get there by migrations, so both ways must end in the same
/// place.
/// </summary>
public sealed class SchemaTests(TestServers servers)
{
    private static readonly string Database = Path.Combine(Repository.Root, "src/Router.Core/Database");
    private static readonly string Baseline = Path.Combine(Repository.Root, "tests/Router.IntegrationTests/Approved/schema-baseline.sql");

    // Everything that a migration could forget, but for the order of columns, and the partitions, which follow their tables.
    private const string Everything = """
        with tables as (
            select oid, relname from pg_class
            where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v') and not relispartition
        )
        select format('column %s.%s %s%s default %s', t.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                      case when a.attnotnull then ' not null' end, pg_get_expr(d.adbin, d.adrelid))
        from tables t join pg_attribute a on a.attrelid = t.oid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attnum > 0 and not a.attisdropped
        union all select format('constraint %s.%s %s', t.relname, c.conname, pg_get_constraintdef(c.oid))
        from tables t join pg_constraint c on c.conrelid = t.oid
        union all select format('index %s', pg_get_indexdef(i.indexrelid)) from tables t join pg_index i on i.indrelid = t.oid
        union all select format('trigger %s', pg_get_triggerdef(g.oid)) from tables t join pg_trigger g on g.tgrelid = t.oid
        where not g.tgisinternal
        union all select format('view %s %s', t.relname, pg_get_viewdef(t.oid)) from tables t join pg_class c on c.oid = t.oid
        where c.relkind = 'v'
        union all select pg_get_functiondef(p.oid) from pg_proc p where p.pronamespace = 'public'::regnamespace
        order by 1
        """;

    [Fact]
    public async Task Schema_MadeFromItsFilesOrByMigrations_IsTheSame()
    {
        if (Environment.GetEnvironmentVariable("APPROVE") == "1")
            await File.WriteAllTextAsync(Baseline, await Read(Path.Combine(Database, "Schema")), TestContext.Current.CancellationToken);
        var baseline = await File.ReadAllTextAsync(Baseline, TestContext.Current.CancellationToken);
        var present = await Make(await Read(Path.Combine(Database, "Schema")));
        var migrated = await Make(baseline + await Read(Path.Combine(Database, "Migrations")));
        // Before the first release the baseline may follow: APPROVE=1. After it, a change of the schema is a migration, too.
        Assert.Equal(present, migrated);
    }

    [Fact]
    public async Task Database_OfAnUnreleasedVersion_IsRefusedInASentence()
    {
        var database = await servers.CreateDatabase();
        await using (var connection = await Open(database))
            await connection.ExecuteAsync(
                "create table schema_migrations (name text primary key); insert into schema_migrations values ('0001_ledger.sql')");
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Database:ConnectionString"] = database, ["RabbitMq:Uri"] = await servers.Broker.CreateVirtualHost(),
            ["RabbitMq:ManagementUri"] = servers.Broker.Management.AbsoluteUri, ["Secrets:WithoutCertificate"] = "true",
        };
        await using var host = HostWithin.Start("Router.Worker", settings);
        await Eventually.True(() => host.HasExited, "the host ends", seconds: 60);
        Assert.Contains("Give the router an empty database", host.Output, StringComparison.Ordinal);
    }

    private async Task<List<string>> Make(string sql)
    {
        await using var connection = await Open(await servers.CreateDatabase());
        await connection.ExecuteAsync(sql);
        return (await connection.QueryAsync<string>(Everything)).AsList();
    }

    private static async Task<string> Read(string folder) => Directory.Exists(folder)
        ? string.Join('\n', await Task.WhenAll(
            Directory.GetFiles(folder, "*.sql").Order(StringComparer.Ordinal).Select(file => File.ReadAllTextAsync(file))))
        : "";

    private static async Task<NpgsqlConnection> Open(string database)
    {
        var connection = new NpgsqlConnection(Postgres.ConnectionString(new Uri(database)));
        await connection.OpenAsync();
        return connection;
    }
}
