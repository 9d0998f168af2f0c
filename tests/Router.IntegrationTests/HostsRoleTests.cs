using Dapper;
using Npgsql;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// What somebody can do with the hosts' own password of Postgres. All other tests run with this role too: it is enough for all that hosts
/// do.
/// </summary>
public sealed class HostsRoleTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    [Theory]
    [InlineData("delete from audit_log")]
    [InlineData("update audit_log set actor = 'nobody'")]
    [InlineData("truncate audit_log")]
    [InlineData("drop table audit_log")]
    [InlineData("drop trigger sites_audit on sites")]
    [InlineData("alter table sites disable trigger all")]
    [InlineData("alter table sites add column more text")]
    [InlineData("create or replace function audit() returns trigger language plpgsql as $$ begin return null; end $$")]
    [InlineData("create table here (id int)")]
    [InlineData("drop table lead_events")]
    [InlineData("truncate deliveries")]
    [InlineData("drop schema public cascade")]
    [InlineData("insert into schema_migrations (name) values ('9999_mine.sql')")]
    [InlineData("set session_replication_role = 'replica'")]
    [InlineData("create role another superuser")]
    [InlineData("copy sites to program 'cat'")]
    public async Task Statement_ThatHostsDontNeed_IsRefused(string sql)
    {
        await using var hosts = await Open(_router);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => hosts.ExecuteAsync(sql));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Theory]
    [InlineData("select drop_ledger_day('{day}')", "P0001")]
    [InlineData("select drop_ledger_day('default')", "P0002")]
    [InlineData("select watch_ledger_day('{day}', array['audit_log'])", "P0001")]
    [InlineData("select copy_ledger_day('{day}', 'audit_log')", "P0001")]
    // What a caller has made in a schema of its own is not what these functions work on.
    [InlineData("create temp table ledger_days (name text, contents_deleted_at timestamptz); "
        + "insert into ledger_days values ('{day}', now()); set search_path = pg_temp, public; select drop_ledger_day('{day}')", "P0001")]
    public async Task FunctionsOfTheOwner_DoNothingBesideWhatTheyAreFor(string sql, string state)
    {
        await using var hosts = await Open(_router);
        var day = $"{TimeProvider.System.GetUtcNow():yyyyMMdd}";
        var refused = await Assert.ThrowsAsync<PostgresException>(
            () => hosts.ExecuteAsync(sql.Replace("{day}", day, StringComparison.Ordinal)));
        Assert.Equal(state, refused.SqlState);
        Assert.True(await _router.Query<bool>("select to_regclass('lead_events_' || @day) is not null", new { day }));
    }

    [Fact]
    public async Task FunctionsOfTheOwner_AreForNobodyButTheHosts() => Assert.Equal("", await _router.Query<string>(
        """
        select coalesce(string_agg(proname, ', '), '') from pg_proc
        where pronamespace = 'public'::regnamespace and prosecdef and has_function_privilege('public', oid, 'execute')
        """));

    [Fact]
    public async Task Hosts_AreConnectedWithThisRole_AndOwnNothing()
    {
        var role = new Uri(_router.Settings["Database:ConnectionString"]).UserInfo.Split(':')[0];
        await using var database = await _router.OpenDatabase();
        var roles = await database.QueryAsync<string>(
            "select distinct usename::text from pg_stat_activity where application_name like 'router%' and datname = current_database()");
        Assert.Equal([role], roles);
        Assert.False(await database.ExecuteScalarAsync<bool>(
            "select rolsuper or rolcreaterole or rolcreatedb from pg_roles where rolname = @role", new { role }));
        Assert.Equal(0, await database.ExecuteScalarAsync<int>(
            "select count(*)::int from pg_class where relowner = @role::regrole", new { role }));
    }

    // An installation whose hosts have owned the tables, and get a role that doesn't.
    [Fact]
    public async Task Migrate_OnASchemaThatIsThere_LetsTheHostsRoleIn()
    {
        var database = new Uri(await shared.Servers.CreateDatabase());
        var (owner, hosts) = await Postgres.CreateRoles(database);
        var settings = new Dictionary<string, string>(_router.Settings, StringComparer.Ordinal) { ["Database:ConnectionString"] = owner };
        await HostWithin.Run("Router.Worker", settings, "migrate");

        settings["Database:ConnectionString"] = hosts;
        await using (var worker = HostWithin.Start("Router.Worker", settings))
        {
            await Eventually.True(() => worker.HasExited, "the host ends", seconds: 60);
            Assert.Contains(
                "may not use the router's tables yet. Run 'dotnet Router.Worker.dll migrate'", worker.Output, StringComparison.Ordinal);
        }

        settings["Database:OwnerConnectionString"] = owner;
        await HostWithin.Run("Router.Worker", settings, "migrate");
        await using var connection = new NpgsqlConnection(Postgres.ConnectionString(new Uri(hosts)));
        Assert.Equal(0, await connection.ExecuteScalarAsync<int>("select count(*)::int from lead_events"));
        await connection.ExecuteAsync("select create_ledger_day((now() + interval '40 days')::date)");
        Assert.Equal(0, await connection.ExecuteScalarAsync<int>(
            $"select count(*)::int from lead_events_{TimeProvider.System.GetUtcNow().AddDays(40):yyyyMMdd}"));
    }

    private static async Task<NpgsqlConnection> Open(RouterFixture router)
    {
        var connection = new NpgsqlConnection(Postgres.ConnectionString(new Uri(router.Settings["Database:ConnectionString"])));
        await connection.OpenAsync();
        return connection;
    }
}
