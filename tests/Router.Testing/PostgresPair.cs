using Dapper;
using Npgsql;

namespace Router.Testing;

/// <summary>A Postgres of our own and a standby that confirms each commit of it, and can take its place.</summary>
public sealed class PostgresPair : IAsyncDisposable
{
    private readonly string _primary;
    private readonly string _standby;
    private TcpProxy? _line;

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
            pair._line = new TcpProxy(pair.Primary);
            await using (var standby = await Open(pair.Standby))
            {
                var way = await standby.ExecuteScalarAsync<string>("show primary_conninfo");
                var port = new Uri(pair._line.Url(pair.Primary.AbsoluteUri)).Port;
                way = way!.Replace($"port={pair.Primary.Port}", $"port={port}", StringComparison.Ordinal);
                await standby.ExecuteAsync($"alter system set primary_conninfo = '{way.Replace("'", "''", StringComparison.Ordinal)}'");
                await standby.ExecuteAsync("select pg_reload_conf()");
            }

            await Eventually.True(() => pair._line.Accepted > 0, "the standby follows by way of the line");
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

    /// <summary>A database of its own; its URL with both servers, the standby first: hosts must find out which is the primary.</summary>
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

    /// <summary>
    /// Nothing that is committed from now on reaches the standby, and nobody hears of it. A standby that merely froze has still got what
    /// had been sent to it.
    /// </summary>
    public void SilenceLine() => _line!.Silence();

    public Task Promote() => Command("promote-postgres", _standby);

    public async ValueTask DisposeAsync()
    {
        foreach (var directory in new[] { _standby, _primary })
        {
            if (File.Exists(Path.Combine(directory, "servers.env")))
                await Command("kill-postgres", directory);
        }

        if (_line is not null)
            await _line.DisposeAsync();
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
