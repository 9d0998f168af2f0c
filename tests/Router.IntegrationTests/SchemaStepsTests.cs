using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Router.Core.Database;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Databases of older and newer versions, and what hosts say of them.</summary>
public sealed class SchemaStepsTests(TestServers servers)
{
    private const string Schema = "create table things (id int primary key, name text)";

    private static readonly Migration Expand = new("0001_expand.sql", "alter table things add title text");
    private static readonly Migration Index = new(
        "0002_index.sql", "-- without a transaction\ncreate index concurrently if not exists things_title on things (title);\n");
    private static readonly Migration Contract = new(
        "0003_contract.sql", "-- for hosts that know: 0001_expand.sql\nalter table things drop name");

    [Fact]
    public async Task Database_GoesThroughVersions_AndOldHostsRunUntilTheContract()
    {
        var url = await servers.CreateDatabase();
        await using var database = NpgsqlDataSource.Create(Postgres.ConnectionString(new Uri(url)));
        Task<int> Start(params Migration[] known) => new SchemaSteps(database, NullLogger.Instance).Take(Schema, known, default);

        Assert.Equal(1, await Start());
        // Two hosts of the next version at once.
        Assert.Equal(1, (await Task.WhenAll(Start(Expand), Start(Expand))).Max());
        Assert.Equal(0, await Start());
        Assert.Equal(1, await Start(Expand, Index));
        Assert.Equal(1, await Start(Expand, Index, Contract));
        // The version between the two goes on, the one before it doesn't.
        Assert.Equal(0, await Start(Expand));
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Start());
        Assert.Contains("0003_contract.sql", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Start the newer version", refused.Message, StringComparison.Ordinal);
        await using var connection = await database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        Assert.True(await connection.ExecuteScalarAsync<bool>(
            "select indisvalid from pg_index where indexrelid = 'things_title'::regclass"));
    }

    [Fact]
    public async Task Migration_ThatFails_ChangesNothingAndSaysSo()
    {
        await using var database = NpgsqlDataSource.Create(Postgres.ConnectionString(new Uri(await servers.CreateDatabase())));
        var broken = new Migration("0001_broken.sql", "alter table things add title text; alter table nothing add title text");
        await new SchemaSteps(database, NullLogger.Instance).Take(Schema, [], default);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => new SchemaSteps(database, NullLogger.Instance).Take(Schema, [broken], default));
        Assert.Contains("step 0001_broken.sql failed with SQLSTATE 42P01", refused.Message, StringComparison.Ordinal);
        await using var connection = await database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, await connection.ExecuteScalarAsync<int>("select count(*)::int from schema_migrations"));
        Assert.Equal(2, await connection.ExecuteScalarAsync<int>(
            "select count(*)::int from information_schema.columns where table_name = 'things'"));
    }

    [Fact]
    public async Task Host_OfAnOlderVersion_EndsWithASentenceWhereTheNewerOneHasTakenSomethingAway()
    {
        var settings = await Settings(await servers.CreateDatabase());
        Assert.Equal((0, "The schema is up to date."), await Migrate(settings));
        await using (var connection = new NpgsqlConnection(Postgres.ConnectionString(new Uri(settings["Database:ConnectionString"]))))
            await connection.ExecuteAsync("insert into schema_migrations (name, needs) values ('9999_contract.sql', '9998_expand.sql')");
        await using var host = HostWithin.Start("Router.Api", settings);
        await Eventually.True(() => host.HasExited, "the host ends");
        Assert.Contains("this one can't run on it any more (migration 9999_contract.sql)", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Role_ThatMayNotChangeTheSchema_IsToldWhatToDo()
    {
        var database = new Uri(await servers.CreateDatabase());
        var role = $"weak_{Guid.NewGuid():N}";
        await using (var connection = new NpgsqlConnection(Postgres.ConnectionString(database)))
            await connection.ExecuteAsync($"create role {role} login password 'weak'");
        var (code, output) = await Migrate(await Settings(new UriBuilder(database) { UserName = role, Password = "weak" }.Uri.AbsoluteUri));
        Assert.Equal(1, code);
        Assert.Contains("its role may not bring it up to date (step schema)", output, StringComparison.Ordinal);
        await using (var connection = new NpgsqlConnection(Postgres.ConnectionString(database)))
            await connection.ExecuteAsync($"drop role {role}");
    }

    private static async Task<(int Code, string LastLine)> Migrate(Dictionary<string, string> settings)
    {
        var (code, output) = await HostProcess.Ask("Router.Worker", settings, [], "migrate");
        return (code, output.TrimEnd().Split('\n')[^1]);
    }

    private async Task<Dictionary<string, string>> Settings(string database) => new(StringComparer.Ordinal)
    {
        ["Database:ConnectionString"] = database, ["RabbitMq:Uri"] = await servers.Broker.CreateVirtualHost(),
        ["RabbitMq:ManagementUri"] = servers.Broker.Management.AbsoluteUri, ["Secrets:WithoutCertificate"] = "true",
    };
}
