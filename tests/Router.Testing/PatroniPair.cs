using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Npgsql;

namespace Router.Testing;

/// <summary>
/// Two Postgres servers under Patroni, with etcd beside them: commits wait for the standby, and it takes the primary's place by itself.
/// </summary>
public sealed class PatroniPair : IAsyncDisposable
{
    private const string Password = "only-for-these-two";

    private readonly string _directory;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly Process _etcd;
    private readonly int _etcdPort = TestHost.FreePort();

    private PatroniPair(string directory)
    {
        _directory = directory;
        var peers = TestHost.FreePort();
        _etcd = Run("etcd", Directory.CreateDirectory(Path.Combine(directory, "etcd")).FullName,
            "--data-dir", "data", "--listen-client-urls", $"http://127.0.0.1:{_etcdPort}",
            "--advertise-client-urls", $"http://127.0.0.1:{_etcdPort}", "--listen-peer-urls", $"http://127.0.0.1:{peers}",
            "--initial-advertise-peer-urls", $"http://127.0.0.1:{peers}", "--initial-cluster", $"default=http://127.0.0.1:{peers}");
        Members = [new PatroniMember(this, 1), new PatroniMember(this, 2)];
    }

    public IReadOnlyList<PatroniMember> Members { get; }

    /// <summary>Both addresses, as the router takes them.</summary>
    public string Url(string database) =>
        $"postgres://router:{Password}@{string.Join(',', Members.Select(member => $"127.0.0.1:{member.Port}"))}/{database}";

    public static async Task<PatroniPair> Start()
    {
        var pair = new PatroniPair(ServersScript.Directory(inMemory: true));
        try
        {
            await pair.Members[0].Start();
            await Eventually.True(async () => await pair.Primary() is not null, "there is a primary");
            await pair.Members[1].Start();
            await pair.IsWhole();
            await using var connection = new NpgsqlConnection(Postgres.ConnectionString((await pair.Primary())!.Url("postgres")));
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("create database router", connection);
            await command.ExecuteNonQueryAsync();
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>Null while there is none.</summary>
    public async Task<PatroniMember?> Primary()
    {
        foreach (var member in Members)
        {
            if (await Is(member, "primary"))
                return member;
        }

        return null;
    }

    /// <summary>Until commits wait for the other one.</summary>
    public Task IsWhole() => Eventually.True(
        async () =>
        {
            foreach (var member in Members)
            {
                if (await Is(member, "synchronous"))
                    return true;
            }

            return false;
        },
        "the standby confirms commits", seconds: 120);

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Members)
            await member.Kill();
        await _etcd.End();
        _http.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    internal Process Run(string program, string directory, params string[] arguments)
    {
        // Postgres refuses to run as root, and so does what starts it.
        string[] asPostgres = Environment.UserName == "root" ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];
        if (asPostgres.Length > 0)
            Process.Start("chown", ["-R", "postgres:", directory]).WaitForExit();
        string[] all = [.. asPostgres, program, .. arguments];
        var start = new ProcessStartInfo(all[0], all[1..])
        {
            WorkingDirectory = directory, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["HOME"] = directory;
        var process = Process.Start(start)!;
        var log = TextWriter.Synchronized(new StreamWriter(Path.Combine(_directory, $"{Path.GetFileName(directory)}.log"), append: true));
        process.OutputDataReceived += (_, line) => log.WriteLine(line.Data);
        process.ErrorDataReceived += (_, line) => log.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    internal string CreateDirectory(int number) => Directory.CreateDirectory(Path.Combine(_directory, $"{number}")).FullName;

    /// <summary>What Patroni is told of a member: it lets the standby take over as soon as it may.</summary>
    internal string Configuration(PatroniMember member, string directory, int api) => JsonSerializer.Serialize(new
    {
        scope = "lead-router",
        name = $"member{member.Number}",
        restapi = new { listen = $"127.0.0.1:{api}", connect_address = $"127.0.0.1:{api}" },
        etcd3 = new { host = $"127.0.0.1:{_etcdPort}" },
        bootstrap = new
        {
            dcs = new
            {
                ttl = 20, loop_wait = 1, retry_timeout = 3, synchronous_mode = true,
                postgresql = new { use_pg_rewind = true, parameters = new { max_connections = 200, max_locks_per_transaction = 512 } },
            },
            initdb = new object[] { new { encoding = "UTF8" }, new { locale = "C.UTF-8" }, "data-checksums" },
            pg_hba = new[] { "host replication all 127.0.0.1/32 scram-sha-256", "host all all 127.0.0.1/32 scram-sha-256" },
        },
        postgresql = new
        {
            listen = $"127.0.0.1:{member.Port}", connect_address = $"127.0.0.1:{member.Port}",
            data_dir = Path.Combine(directory, "data"), bin_dir = Binaries, pgpass = Path.Combine(directory, "pgpass"),
            authentication = new
            {
                superuser = new { username = "router", password = Password },
                replication = new { username = "router", password = Password },
            },
            parameters = new { unix_socket_directories = "", fsync = "off", shared_buffers = "64MB" },
        },
    });

    internal static Uri Url(int port, string database) => new($"postgres://router:{Password}@127.0.0.1:{port}/{database}");

    private static string Binaries => Directory.GetDirectories("/usr/lib/postgresql")
        .Select(version => Path.Combine(version, "bin")).OrderByDescending(path => path, StringComparer.Ordinal).First();

    private async Task<bool> Is(PatroniMember member, string role)
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri($"http://127.0.0.1:{member.ApiPort}/{role}"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception away) when (away is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}

/// <summary>A machine with a Postgres and its Patroni.</summary>
public sealed class PatroniMember(PatroniPair pair, int number)
{
    private Process? _patroni;
    private string? _directory;

    public int Number => number;

    internal int Port { get; } = TestHost.FreePort();

    internal int ApiPort { get; } = TestHost.FreePort();

    public Uri Url(string database) => PatroniPair.Url(Port, database);

    public async Task Start()
    {
        _directory ??= pair.CreateDirectory(number);
        var file = Path.Combine(_directory, "patroni.json");
        await File.WriteAllTextAsync(file, pair.Configuration(this, _directory, ApiPort));
        _patroni = pair.Run("patroni", _directory, file);
    }

    /// <summary>As when the machine dies: SIGKILL to Patroni, Postgres and its backends.</summary>
    public async Task Kill()
    {
        if (_patroni is null)
            return;
        // Again and again: a backend that is started while the others are killed would go on, or wait for ever for a lock that one of them
        // had, and Patroni isn't over before all that write to its output are.
        var ended = _patroni.End();
        while (Processes() is { Count: > 0 } left)
            await Signal("-KILL", left);
        await ended;
        _patroni = null;
    }

    /// <summary>As when the machine hangs: SIGSTOP to all of them, and to those that they started meanwhile.</summary>
    public async Task Freeze()
    {
        await Signal("-STOP", Processes());
        await Signal("-STOP", Processes());
    }

    public Task Thaw() => Signal("-CONT", Processes());

    private static async Task Signal(string signal, List<string> processes) => await Shell.Run("kill", [signal, .. processes]);

    /// <summary>All that work in its directory; who has ended doesn't.</summary>
    private List<string> Processes() =>
        [.. Directory.EnumerateDirectories("/proc").Where(IsWithin).Select(process => Path.GetFileName(process)!)];

    private bool IsWithin(string process)
    {
        try
        {
            return char.IsAsciiDigit(Path.GetFileName(process)[0])
                && Directory.ResolveLinkTarget(Path.Combine(process, "cwd"), returnFinalTarget: false) is { } at
                && $"{at.FullName}/".StartsWith($"{_directory}/", StringComparison.Ordinal);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
