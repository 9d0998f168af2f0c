using System.Net.Sockets;
using Router.Benchmarks.Measuring;

namespace Router.Benchmarks.Driving;

/// <summary>
/// One run of the driver. At a rate each lead is due at its time: while no connection is free it waits, and its latency counts from
/// when it was due, so a router that stalls can't make the driver overlook the leads that it would have kept waiting.
/// </summary>
internal sealed class Drive(DriveOrder order)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly LeadTemplate[] _templates = [.. order.Senders.Select(sender => new LeadTemplate(sender))];
    private readonly Histogram _latency = new();
    private readonly Histogram _lateness = new();
    private readonly Lock _lock = new();
    private readonly Stack<DriverConnection> _free = new();
    private readonly Queue<(long Number, long Due)> _waiting = new();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _end;
    private long _lastAnswer;
    private long _sent;
    private long _accepted;
    private long _answered;
    private bool _isEnded;

    public async Task<DriveResult> Run()
    {
        var connections = Enumerable.Range(0, order.Connections).Select(_ => new DriverConnection(this)).ToList();
        foreach (var connection in connections)
            await connection.Connect(order.Port);
        var receiving = connections.ConvertAll(connection => connection.Receive());

        var started = Clock.Now;
        _lastAnswer = started;
        _end = started + (long)(order.Seconds * 1e9);
        if (order.Rate > 0)
        {
            connections.ForEach(_free.Push);
            await Task.Factory.StartNew(
                () => Pace(started), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        else
        {
            connections.ForEach(SendNext);
        }

        await await Task.WhenAny(_done.Task, Task.Delay(TimeSpan.FromSeconds(order.Seconds) + Patience), Failure(receiving));
        connections.ForEach(connection => connection.Dispose());
        return new DriveResult(started, _lastAnswer, _sent, _accepted, _latency, _lateness);
    }

    /// <summary>Called by a connection whose lead was answered.</summary>
    public void Answered(DriverConnection connection, bool isAccepted, long latency)
    {
        if (isAccepted)
        {
            Interlocked.Increment(ref _accepted);
            _latency.Record(latency);
        }

        lock (_lock)
        {
            _answered++;
            _lastAnswer = Clock.Now;
        }

        if (order.Rate > 0)
            SendWaiting(connection);
        else
            SendNext(connection);
    }

    private void Pace(long started)
    {
        var total = (long)(order.Seconds * order.Rate);
        for (var number = 0L; number < total && (order.Most == 0 || number < order.Most); number++)
        {
            var due = started + (long)(number * 1e9 / order.Rate);
            Clock.SleepUntil(due);
            DriverConnection? connection;
            lock (_lock)
            {
                _sent++;
                if (!_free.TryPop(out connection))
                    _waiting.Enqueue((number, due));
            }

            if (connection is not null)
                Send(connection, number, due);
        }

        End();
    }

    private void SendWaiting(DriverConnection connection)
    {
        (long Number, long Due) next;
        lock (_lock)
        {
            if (!_waiting.TryDequeue(out next))
            {
                _free.Push(connection);
                EndIfAnswered();
                return;
            }
        }

        Send(connection, next.Number, next.Due);
    }

    /// <summary>Closed loop: a lead is due when its connection is free.</summary>
    private void SendNext(DriverConnection connection)
    {
        long number;
        var now = Clock.Now;
        lock (_lock)
        {
            if (now >= _end || (order.Most > 0 && _sent >= order.Most))
            {
                _isEnded = true;
                EndIfAnswered();
                return;
            }

            number = _sent++;
        }

        Send(connection, number, now);
    }

    private void Send(DriverConnection connection, long number, long due)
    {
        _lateness.Record(Clock.Now - due);
        connection.Send(_templates[number % _templates.Length], order.Run, order.First + number, due);
    }

    private void End()
    {
        lock (_lock)
        {
            _isEnded = true;
            EndIfAnswered();
        }
    }

    private void EndIfAnswered()
    {
        if (_isEnded && _answered == _sent)
            _done.TrySetResult();
    }

    /// <summary>A connection that is lost is a failed run, told at once.</summary>
    private static async Task Failure(List<Task> receiving)
    {
        await await Task.WhenAny(receiving);
        throw new SocketException((int)SocketError.ConnectionReset);
    }

}
