using System.Diagnostics;
using System.Net.Sockets;

namespace Router.Testing;

/// <summary>A PgBouncer in transaction mode before a Postgres: any two transactions of one client may run in different sessions.</summary>
public sealed class PgBouncer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _directory;

    private PgBouncer(Process process, string directory, int port) => (_process, _directory, Port) = (process, directory, port);

    private int Port { get; }

    public string Authority => $"127.0.0.1:{Port}";

    public static async Task<PgBouncer> Start(Uri postgres)
    {
        var directory = Directory.CreateTempSubdirectory("lead-router-pgbouncer-").FullName;
        File.SetUnixFileMode(directory, (UnixFileMode)0b111_101_101);
        var credentials = postgres.UserInfo.Split(':', 2);
        var port = TestHost.FreePort();
        var file = Path.Combine(directory, "pgbouncer.ini");
        await File.WriteAllTextAsync(
            file,
            $"""
            [databases]
            * = host={postgres.Host} port={postgres.Port} user={credentials[0]} password={credentials[1]}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            default_pool_size = 8
            max_client_conn = 500
            """);
        // It refuses to be root.
        var start = Environment.UserName == "root"
            ? new ProcessStartInfo("setpriv", ["--reuid=postgres", "--clear-groups", "/usr/sbin/pgbouncer", "-q", file])
            : new ProcessStartInfo("/usr/sbin/pgbouncer", ["-q", file]);
        (start.RedirectStandardError, start.RedirectStandardOutput) = (true, true);
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var bouncer = new PgBouncer(process, directory, port);
        await Eventually.True(bouncer.Listens, "PgBouncer listens");
        return bouncer;
    }

    /// <summary>The database by way of it.</summary>
    public string Url(string database) => new UriBuilder(database) { Port = Port }.Uri.AbsoluteUri;

    public async ValueTask DisposeAsync()
    {
        await _process.End();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<bool> Listens()
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
