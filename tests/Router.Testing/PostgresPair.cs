using Dapper;
using Npgsql;

namespace Router.Testing;

/// <summary>A Postgres of our own and a standby that confirms each commit of it, and can take its place.</summary>
public sealed class PostgresPair : IAsyncDisposable
{
    private readonly string _primary;
    private readonly string _standby;

    private PostgresPair(string directory) =>
        (_primary, _standby) = (Directory.CreateDirectory(Path.Combine(directory, "1")).FullName,
            Directory.CreateDirectory(Path.Combine(directory, "2")).FullName);

    public Uri Primary => new(ServersScript.Setting(_primary, "DATABASE_URL"));

    public Uri Standby => new(ServersScript.Setting(_standby, "DATABASE_URL"));

    public static async Task<PostgresPair> Start()
    {
        var pair = new PostgresPair(ServersScript.Directory(inMemory: true));
        try
        {
            await Command("start-postgres", pair._primary);
            await Command("start-standby", pair._primary, pair._standby);
            // Of the first one alone: the other one must not wait for anybody once it is the primary.
            await using var primary = await Open(pair.Primary);
            await primary.ExecuteAsync("alter system set synchronous_standby_names = '*'");
            await primary.ExecuteAsync("select pg_reload_conf()");
            await Eventually.True(
                () => primary.ExecuteScalarAsync<bool>("select exists (select from pg_stat_replication where sync_state = 'sync')"),
                "commits wait for the standby");
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }

        return pair;
    }

    /// <summary>A database of its own; its URL with both servers, the standby first: hosts must find out which one is the primary.</summary>
    public async Task<string> CreateDatabase()
    {
        var database = new Uri(await Postgres.CreateDatabase(Primary));
        return $"postgres://{database.UserInfo}@{Standby.Authority},{Primary.Authority}{database.AbsolutePath}";
    }

    /// <summary>SIGKILL to the first primary.</summary>
    public Task KillPrimary() => Command("kill-postgres", _primary);

    /// <summary>SIGSTOP: the first primary accepts connections and says nothing, to the standby neither.</summary>
    public Task FreezePrimary() => Command("freeze-postgres", _primary);

    public Task ThawPrimary() => Command("thaw-postgres", _primary);

    /// <summary>SIGSTOP: nothing that is committed from now on reaches the standby.</summary>
    public Task FreezeStandby() => Command("freeze-postgres", _standby);

    public Task ThawStandby() => Command("thaw-postgres", _standby);

    public Task Promote() => Command("promote-postgres", _standby);

    public async ValueTask DisposeAsync()
    {
        foreach (var directory in new[] { _standby, _primary })
        {
            if (File.Exists(Path.Combine(directory, "servers.env")))
                await Command("kill-postgres", directory);
        }

        Directory.Delete(Path.GetDirectoryName(_primary)!, recursive: true);
    }

    private static Task Command(string command, params string[] arguments) =>
        ServersScript.Run(ServersScript.Unflushed, [command, .. arguments]);

    private static async Task<NpgsqlConnection> Open(Uri server)
    {
        var connection = new NpgsqlConnection(Postgres.ConnectionString(server));
        await connection.OpenAsync();
        return connection;
    }
}
