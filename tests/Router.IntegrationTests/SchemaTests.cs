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
        return await SchemaParts.Of(connection);
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
