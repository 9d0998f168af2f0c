using Npgsql;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary><c>router doctor</c> where Database:ConnectionString names a primary and its standby.</summary>
public sealed class DoctorStandbyTests
{
    [Fact]
    public async Task Doctor_OfAPrimaryAndItsStandby_SaysHowEachIs()
    {
        await using var pair = await PostgresPair.Start();
        var database = await pair.CreateDatabase();
        var (first, second) = ($"Postgres at 127.0.0.1:{pair.Primary.Port}", $"Postgres at 127.0.0.1:{pair.Standby.Port}");

        await Finds(database, ("fine", $"{first} is the primary"), ("fine", $"{second} is a standby"),
            ("fine", "Commits wait for a standby (1 connected"));

        await pair.FreezePrimary();
        await Finds(database, ("problem", $"{first} can't be reached (no answer within 15 s)"), ("fine", $"{second} is a standby"),
            ("problem", "None of the servers can be written to"));
        await pair.ThawPrimary();

        await pair.Promote();
        await Eventually.True(async () => (await Ask(database)).Output.Contains("Several servers", StringComparison.Ordinal),
            "the standby is promoted");
        await Finds(database, ("fine", $"{first} is the primary"), ("fine", $"{second} is the primary"),
            ("problem", "Several servers can be written to"));

        await Fence(pair.Primary);
        await Finds(database, ("warning", $"{first} is no standby, and takes no rows"), ("fine", $"{second} is the primary"));

        await pair.KillPrimary();
        await Finds(database, ("warning", $"{first} can't be reached"), ("fine", $"{second} is the primary"),
            ("warning", "Commits don't wait for a standby (0 connected)"));
    }

    [Fact]
    public async Task Doctor_OfAPrimaryThatLostItsStandby_SaysThatNothingIsRecorded()
    {
        await using var pair = await PostgresPair.Start();
        var database = await pair.CreateDatabase();
        pair.SilenceLine();
        await Execute(pair.Primary, "select pg_terminate_backend(pid) from pg_stat_replication");
        await Eventually.True(
            async () => (await Ask(database)).Output.Contains("none is connected", StringComparison.Ordinal), "the standby is missed");
        await Finds(database, ("problem", "Commits wait for a standby, and none is connected"));
    }

    private static async Task Finds(string database, params (string Gravity, string What)[] expected)
    {
        var ran = await Ask(database);
        var found = ran.Json.EnumerateArray().Where(finding => finding.GetProperty("subject").GetString() == "database")
            .Select(finding => (finding.GetProperty("gravity").GetString(), finding.GetProperty("what").GetString()!)).ToList();
        foreach (var (gravity, what) in expected)
        {
            Assert.True(found.Exists(one => one.Item1 == gravity && one.Item2.StartsWith(what, StringComparison.Ordinal)),
                $"Not found: {gravity}: {what}\n{ran.Output}{ran.Errors}");
        }
    }

    private static Task<Ran> Ask(string database) => new CommandLine(url: null, token: null).Run(
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Database__ConnectionString"] = database, ["RabbitMq__Uri"] = "amqp://nobody@127.0.0.1:1/",
            ["Secrets__WithoutCertificate"] = "true",
        },
        "doctor", "--json");

    // New sessions write nothing: so is a primary fenced that can't be ended. The setting itself needs no standby.
    private static async Task Fence(Uri server)
    {
        await Execute(server, "alter system set default_transaction_read_only = on");
        await Execute(server, "select pg_reload_conf()");
    }

    private static async Task Execute(Uri server, string sql)
    {
        await using var connection = new NpgsqlConnection(Postgres.ConnectionString(server));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
