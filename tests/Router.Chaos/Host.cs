using System.Collections.Concurrent;

namespace Router.Chaos;

/// <summary>
/// A host of the router with lines of its own to the broker and to Postgres: it may die, freeze and be cut off, and is started again.
/// </summary>
internal sealed class Host : IAsyncDisposable
{
    private readonly string _program;
    private readonly Dictionary<string, string> _settings;
    private readonly ConcurrentQueue<string> _output;
    private readonly SemaphoreSlim _one = new(1);
    private readonly TcpProxy? _brokerLine;
    private readonly TcpProxy? _databaseLine;
    private HostProcess _process;

    /// <param name="program">API or worker.</param>
    /// <param name="name">What the report calls it.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="servers">To which it has lines that can be cut; null where its settings lead to them directly.</param>
    /// <param name="output">Gets what it says.</param>
    public Host(string program, string name, IReadOnlyDictionary<string, string> settings, PrivateServers? servers,
        ConcurrentQueue<string> output)
    {
        (_program, Name, _output) = (program, name, output);
        _settings = new Dictionary<string, string>(settings, StringComparer.Ordinal);
        if (servers is not null)
        {
            (_brokerLine, _databaseLine) = (new TcpProxy(servers.Broker.Amqp), new TcpProxy(servers.Database));
            _settings["RabbitMq:Uri"] = _brokerLine.Url(settings["RabbitMq:Uri"]);
            _settings["Database:ConnectionString"] = _databaseLine.Url(settings["Database:ConnectionString"]);
        }

        _process = HostProcess.Start(program, _settings, output);
        Url = _process.Url;
    }

    public string Name { get; }

    /// <summary>The same after each start.</summary>
    public Uri Url { get; }

    public TcpProxy BrokerLine => _brokerLine ?? throw NoLine();

    public TcpProxy DatabaseLine => _databaseLine ?? throw NoLine();

    /// <summary>Whether it ended by itself, so that somebody would have to start it.</summary>
    public bool GaveUp => _process.HasExited;

    public Task Ready() => _process.Ready();

    public Task Kill(TimeSpan lasting) => Away(process => process.Kill(), lasting);

    public Task Stop(TimeSpan lasting) => Away(process => process.Stop(), lasting);

    public Task Freeze(TimeSpan lasting) => Alone(async () =>
    {
        await _process.Freeze();
        await Task.Delay(lasting);
        await _process.Thaw();
    });

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        if (_brokerLine is not null)
            await _brokerLine.DisposeAsync();
        if (_databaseLine is not null)
            await _databaseLine.DisposeAsync();
        _one.Dispose();
    }

    private Task Away(Func<HostProcess, Task> end, TimeSpan lasting) => Alone(async () =>
    {
        await end(_process);
        await Task.Delay(lasting);
        await _process.DisposeAsync();
        _process = HostProcess.Start(_program, _settings, _output, Url);
    });

    private static InvalidOperationException NoLine() => new("It has no line of its own.");

    // Who is frozen isn't killed before it wakes up.
    private async Task Alone(Func<Task> fault)
    {
        await _one.WaitAsync();
        try
        {
            await fault();
        }
        finally
        {
            _one.Release();
        }
    }
}
