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
    private HostProcess _process;

    public Host(string program, string name, IReadOnlyDictionary<string, string> settings, PrivateServers servers, string amqp,
        ConcurrentQueue<string> output)
    {
        (_program, Name, _output) = (program, name, output);
        BrokerLine = new TcpProxy(servers.Broker.Amqp);
        DatabaseLine = new TcpProxy(servers.Database);
        _settings = new Dictionary<string, string>(settings, StringComparer.Ordinal)
        {
            ["RabbitMq:Uri"] = BrokerLine.Url(amqp),
            ["Database:ConnectionString"] = DatabaseLine.Url(servers.Database.AbsoluteUri),
        };
        _process = HostProcess.Start(program, _settings, output);
        Url = _process.Url;
    }

    public string Name { get; }

    /// <summary>The same after each start.</summary>
    public Uri Url { get; }

    public TcpProxy BrokerLine { get; }

    public TcpProxy DatabaseLine { get; }

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
        await BrokerLine.DisposeAsync();
        await DatabaseLine.DisposeAsync();
        _one.Dispose();
    }

    private Task Away(Func<HostProcess, Task> end, TimeSpan lasting) => Alone(async () =>
    {
        await end(_process);
        await Task.Delay(lasting);
        await _process.DisposeAsync();
        _process = HostProcess.Start(_program, _settings, _output, Url);
    });

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
