using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Npgsql;

namespace Router.Testing;

/// <summary>A Postgres and a RabbitMQ of our own on free ports of 127.0.0.1, which a test may stop and start.</summary>
public sealed class PrivateServers : IAsyncDisposable
{
    private static readonly ConcurrentBag<PrivateServers> Idle = [];

    private readonly string _directory;
    private readonly string _postgresOptions;
    private bool _isBorrowed;

    private PrivateServers(string directory, bool flushes) =>
        (_directory, _postgresOptions) = (directory, flushes ? "" : ServersScript.Unflushed);

    /// <summary>Whether this machine has the servers.</summary>
    public static async Task<bool> AreInstalled() => (await Shell.Run("bash", ServersScript.Path, "installed")).ExitCode == 0;

    public Uri Database { get; private set; } = null!;

    public Broker Broker { get; private set; } = null!;

    /// <summary>
    /// Those of a test that is over, or new ones; disposed of, they are the next test's. With databases and virtual hosts of other tests.
    /// Until <see cref="EndAll"/>.
    /// </summary>
    public static async Task<PrivateServers> Borrow()
    {
        if (!Idle.TryTake(out var servers))
            servers = await Start();
        servers._isBorrowed = true;
        return servers;
    }

    /// <summary>Ends those that were borrowed.</summary>
    public static async Task EndAll()
    {
        while (Idle.TryTake(out var servers))
            await servers.DisposeAsync();
    }

    /// <param name="flushes">Whether both wait for the disk, as by default; tests of anything but speed need not.</param>
    public static async Task<PrivateServers> Start(bool flushes = false)
    {
        var servers = new PrivateServers(ServersScript.Directory(inMemory: !flushes), flushes);
        try
        {
            await servers.Command("start");
        }
        catch
        {
            // One of them may have come up.
            await servers.DisposeAsync();
            throw;
        }

        servers.Database = new Uri(servers.Setting("DATABASE_URL"));
        servers.Broker = new Broker(new Uri(servers.Setting("AMQP_URL")), new Uri(servers.Setting("RABBITMQ_MANAGEMENT_URL")))
        {
            Prometheus = new Uri(servers.Setting("RABBITMQ_PROMETHEUS_URL")),
        };
        return servers;
    }

    /// <summary>As long as it isn't started again.</summary>
    public int PostgresId => int.Parse(Setting("POSTGRES_PID"), CultureInfo.InvariantCulture);

    /// <summary>As long as it isn't started again.</summary>
    public int RabbitMqId => int.Parse(Setting("RABBITMQ_PID"), CultureInfo.InvariantCulture);

    public Task StopPostgres() => Command("stop-postgres");

    public Task StartPostgres() => Command("start-postgres");

    public Task StopRabbitMq() => Command("stop-rabbitmq");

    public Task StartRabbitMq() => Command("start-rabbitmq");

    /// <summary>A copy of Postgres' data, taken while it runs.</summary>
    public async Task<string> BackUpPostgres()
    {
        var copy = Path.Combine(_directory, $"backup-{Guid.NewGuid():N}");
        await Command("backup-postgres", copy);
        return copy;
    }

    /// <summary>Starts it as it was when the copy was taken; it must be dead.</summary>
    public Task RestorePostgres(string copy) => Command("restore-postgres", copy);

    /// <summary>Its disk is lost: what is started then has neither messages nor queues nor virtual hosts. It must be dead.</summary>
    public void LoseRabbitMqData() => Directory.Delete(Path.Combine(_directory, "rabbitmq/data"), recursive: true);

    /// <summary>SIGKILL, to its backends too.</summary>
    public Task KillPostgres() => Command("kill-postgres");

    /// <summary>SIGKILL.</summary>
    public Task KillRabbitMq() => Command("kill-rabbitmq");

    /// <summary>SIGSTOP, to its backends too: connections are accepted, and nothing comes through any.</summary>
    public Task FreezePostgres() => Command("freeze-postgres");

    public Task ThawPostgres() => Command("thaw-postgres");

    /// <summary>SIGSTOP: connections are accepted, and nothing comes through any.</summary>
    public Task FreezeRabbitMq() => Command("freeze-rabbitmq");

    public Task ThawRabbitMq() => Command("thaw-rabbitmq");

    /// <summary>
    /// Whether RabbitMQ has written down that these queues exist. It does so a second or more after it has made them; killed before, it
    /// forgets which log is theirs and leaves them without a leader for ever (rabbitmq-server issue 10070).
    /// </summary>
    public async Task<bool> Keeps(string virtualHost, params IEnumerable<string> queues)
    {
        var names = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(
            Path.Combine(_directory, "rabbitmq/data/router@localhost/quorum/router@localhost/names.dets")));
        return queues.All(queue => names.Contains($"{virtualHost}_{queue}", StringComparison.Ordinal));
    }

    /// <summary>Memory alarm: the broker blocks whoever publishes, as it does when it needs more than it may have.</summary>
    public Task RaiseMemoryAlarm() => Command("rabbitmqctl", "set_vm_memory_high_watermark", "0.00001");

    public Task ClearMemoryAlarm() => Command("rabbitmqctl", "set_vm_memory_high_watermark", "0.4");

    /// <summary>Disk alarm: the same when there is less disk than it must keep free.</summary>
    public Task RaiseDiskAlarm() => Command("rabbitmqctl", "set_disk_free_limit", "100000GB");

    public Task ClearDiskAlarm() => Command("rabbitmqctl", "set_disk_free_limit", "100MB");

    public async ValueTask DisposeAsync()
    {
        var isBorrowed = _isBorrowed;
        _isBorrowed = false;
        if (isBorrowed && await AreWell())
        {
            Idle.Add(this);
            return;
        }

        // Nobody needs its data any more, and it takes six seconds to stop by itself.
        await KillRabbitMq();
        await Command("stop");
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>A program of the servers' version: psql, pg_dump.</summary>
    public static Task<(int ExitCode, string Output)> Run(string program, params string[] arguments) =>
        Shell.Run("bash", [ServersScript.Path, "run", program, .. arguments]);

    /// <summary>Whether a test has left them as they were.</summary>
    private async Task<bool> AreWell()
    {
        try
        {
            await using var connection = new NpgsqlConnection(Postgres.ConnectionString(Database));
            await connection.OpenAsync(new CancellationTokenSource(TimeSpan.FromSeconds(5)).Token);
            return await Broker.HasNoAlarm();
        }
        catch (Exception gone) when (gone is NpgsqlException or HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private string Setting(string name) => ServersScript.Setting(_directory, name);

    private Task Command(string command, params string[] arguments) =>
        ServersScript.Run(_postgresOptions, [command, _directory, .. arguments]);
}
