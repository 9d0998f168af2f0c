using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using Dapper;
using Npgsql;

namespace Router.Testing;

/// <summary>An API and a worker on a database and a virtual host of their own, with a receiver beside them.</summary>
public sealed class RouterFixture : IAsyncDisposable
{
    public const string AdminToken = "an-admin-token-for-tests-only";
    public const string OperatorsEmail = "operator@router.test";
    public const string OperatorsPassword = "correct horse battery staple";

    private readonly ConcurrentQueue<string> _output = new();
    private readonly List<TestHost> _hosts = [];
    private readonly ConcurrentBag<NpgsqlConnection> _kept = [];
    private readonly bool _processes;
    private readonly Func<string, string> _assembly;

    private RouterFixture(
        string database, string amqp, Dictionary<string, string> settings, Broker broker, Receiver receiver, bool processes,
        Func<string, string>? assembly)
    {
        (Database, Amqp, Settings, Broker, Receiver, _processes) = (database, amqp, settings, broker, receiver, processes);
        _assembly = assembly ?? Repository.Host;
        VirtualHost = settings["RabbitMq:Uri"].Split('/')[^1];
    }

    public Dictionary<string, string> Settings { get; }

    public Broker Broker { get; }

    public string VirtualHost { get; }

    public Receiver Receiver { get; }

    public TestHost Api { get; private set; } = null!;

    public HttpClient Admin { get; private set; } = null!;

    /// <summary>All that any host of this fixture ever printed.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>
    /// An API and as many workers within the tests' process: for all tests that don't kill or freeze a host and set no variable of its
    /// environment.
    /// </summary>
    public static Task<RouterFixture> Start(
        string database, string amqp, Broker broker, int workers = 1, params (string Key, string Value)[] settings) =>
        Start(processes: false, database, amqp, broker, workers, settings);

    public static async Task<RouterFixture> Start(TestServers servers, int workers = 1, params (string Key, string Value)[] settings) =>
        await Start(
            await servers.CreateMigratedDatabase(), await servers.Broker.CreateVirtualHost(), servers.Broker, workers, settings);

    /// <summary>An API and as many workers as processes of their own.</summary>
    public static async Task<RouterFixture> StartProcesses(
        TestServers servers, int workers = 1, params (string Key, string Value)[] settings) =>
        await Start(processes: true, await servers.CreateMigratedDatabase(), await servers.Broker.CreateVirtualHost(), servers.Broker,
            workers, settings);

    /// <summary>Likewise, on servers of the caller's.</summary>
    public static Task<RouterFixture> StartProcesses(
        string database, string amqp, Broker broker, int workers = 1, params (string Key, string Value)[] settings) =>
        Start(processes: true, database, amqp, broker, workers, settings);

    /// <summary>Processes too, on servers that the test may stop.</summary>
    public static async Task<RouterFixture> StartProcesses(
        PrivateServers servers, int workers = 1, params (string Key, string Value)[] settings) =>
        await Start(processes: true, await MigratedDatabases.Create(servers.Database), await servers.Broker.CreateVirtualHost(),
            servers.Broker, workers, settings);

    /// <summary>Processes of another build.</summary>
    /// <param name="assembly">Where the assembly of a host of that name is.</param>
    /// <param name="database">Its database.</param>
    /// <param name="broker">Its broker.</param>
    /// <param name="settings">Settings besides the usual ones.</param>
    public static async Task<RouterFixture> StartOther(
        Func<string, string> assembly, string database, Broker broker, params (string Key, string Value)[] settings) =>
        await Start(processes: true, database, await broker.CreateVirtualHost(), broker, 1, settings, assembly);

    private static async Task<RouterFixture> Start(
        bool processes, string database, string amqp, Broker broker, int workers, (string Key, string Value)[] settings,
        Func<string, string>? assembly = null)
    {
        var all = HostSettings.Defaults(database, amqp, broker);
        // No server goes away under these: a lead is never refused or put into the outbox because the machine is busy.
        if (!processes)
            all["Incoming:ConfirmTimeout"] = all["Outbox:CommitTimeout"] = all["Order:Timeout"] = "00:00:10";
        foreach (var (key, value) in settings)
            all[key] = value;

        // What tests do to the database they do as whoever made it.
        database = all["Database:ConnectionString"];
        amqp = all["RabbitMq:Uri"];
        if (assembly is null)
            all["Database:ConnectionString"] = await HostSettings.HostsRole(all);
        all["RabbitMq:Uri"] = await HostSettings.HostsUser(amqp, broker);
        var fixture = new RouterFixture(database, amqp, all, broker, await Receiver.Start(), processes, assembly);
        try
        {
            fixture.Api = fixture.Host("Router.Api");
            for (var i = 0; i < workers; i++)
                fixture.Host("Router.Worker");
            await Task.WhenAll(fixture._hosts.Select(host => host.Ready()));
        }
        catch
        {
            await Task.WhenAll(fixture._hosts.Select(host => host.DisposeAsync().AsTask()));
            throw;
        }

        // Some senders' headers are in UTF-8.
        fixture.Admin = new HttpClient(
            new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 }) { BaseAddress = fixture.Api.Url };
        fixture.Admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminToken);
        return fixture;
    }

    public IReadOnlyList<TestHost> Workers => _hosts[1..];

    /// <summary>One more host; wait for <see cref="TestHost.Ready"/>.</summary>
    public TestHost Host(string name) => _processes ? Add(HostProcess.StartFrom(_assembly(name), Settings, _output)) : Within(name);

    /// <summary>One more host of this build, within the tests' process.</summary>
    public TestHost Within(string name) => Add(HostWithin.Start(name, Settings, _output));

    private TestHost Add(TestHost host)
    {
        _hosts.Add(host);
        return host;
    }

    public Task<TestSite> CreateSite(bool asLeadManager = false) => TestSite.Create(this, asLeadManager);

    public async Task<NpgsqlConnection> OpenDatabase()
    {
        var connection = new NpgsqlConnection(Postgres.ConnectionString(DatabaseNow ?? new Uri(Database)));
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>The database as whoever made it may use it: for everything.</summary>
    public string Database { get; }

    /// <summary>RabbitMQ likewise.</summary>
    public string Amqp { get; }

    /// <summary>Which of several servers is asked by a test; null: the only one.</summary>
    public Uri? DatabaseNow { get; set; }

    /// <summary>
    /// On a connection that is kept for the next one: tests ask again and again until something is so, and to sign in costs both sides more
    /// than most questions.
    /// </summary>
    public async Task<T> Query<T>(string sql, object? parameters = null)
    {
        while (DatabaseNow is null && _kept.TryTake(out var kept))
        {
            try
            {
                return await Ask<T>(kept, sql, parameters);
            }
            catch (NpgsqlException gone) when (gone is not PostgresException { SqlState: not ['5', '7', 'P', ..] })
            {
                // Somebody has ended it, or its server, since the last one.
            }
        }

        return await Ask<T>(await OpenDatabase(), sql, parameters);
    }

    private async Task<T> Ask<T>(NpgsqlConnection connection, string sql, object? parameters)
    {
        var value = default(T);
        try
        {
            value = await connection.ExecuteScalarAsync<T>(sql, parameters);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        if (DatabaseNow is null)
            _kept.Add(connection);
        else
            await connection.DisposeAsync();
        return value!;
    }

    /// <summary>Until as many wait, one behind the other, for what this connection has locked.</summary>
    public Task WaitBehind(NpgsqlConnection holder, int count) => Eventually.True(
        async () => await Query<long>(
            """
            with recursive waiting (pid) as (
                select @ProcessID::int
                union
                select a.pid from pg_stat_activity a join waiting w on w.pid = any (pg_blocking_pids(a.pid))
            )
            select count(*) - 1 from waiting
            """, new { holder.ProcessID }) >= count, $"{count} wait for a lock");

    /// <summary>No event lies where an operator would have to decide about it.</summary>
    public async Task AssertNothingPutAside()
    {
        Assert.DoesNotContain(
            (await Broker.Queues(VirtualHost)).EnumerateArray(), queue =>
                queue.GetProperty("name").GetString()!.EndsWith("_error", StringComparison.Ordinal));
        Assert.Equal(0, await Query<long>("select count(*) from set_aside"));
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_hosts.Select(host => host.DisposeAsync().AsTask()));
        // The runner shows it where the test fails.
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', _output.TakeLast(60)));
        try
        {
            await MissingDeliveries.AssertNone(this);
        }
        finally
        {
            Admin?.Dispose();
            await Receiver.DisposeAsync();
            await Remove();
        }
    }

    /// <summary>The database that was made for it, and its virtual host: idle ones keep their servers busy, too.</summary>
    private async Task Remove()
    {
        while (_kept.TryTake(out var kept))
            await kept.DisposeAsync();
        if (MigratedDatabases.AsHosts(Database) is null)
            return;
        try
        {
            await MigratedDatabases.Drop(Database);
            await Broker.DeleteVirtualHost(VirtualHost);
        }
        catch (Exception gone) when (gone is NpgsqlException or HttpRequestException or OperationCanceledException)
        {
            // The test has stopped its servers.
        }
    }
}
