using RabbitMQ.Client;
using Router.Core.Leads;

namespace Router.Api.Incoming;

/// <summary>
/// Where a fresh event goes: to the end of <see cref="LeadEvent.QueueName"/> or, while a backlog waits there and workers catch up with it,
/// past it into <see cref="LeadEvent.FreshQueueName"/>. Both are consumed at any time, so a wrong guess costs an event its precedence and
/// nothing else. A backlog that grows is left alone: workers are away, wait for Postgres, or are outrun, and two lanes would have a
/// backlog each.
/// </summary>
internal sealed partial class FreshLane(TimeProvider time, ILogger<FreshLane> logger)
{
    // A fraction of a second's work: while workers keep up, hardly anything waits.
    private const int Backlog = 1000;
    private const int Over = 100;

    // With as many waiting it is no way past a backlog, but a second one: more leads come than workers can take, or workers wait
    // for Postgres.
    private const int SecondBacklog = 500;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(2);

    private volatile bool _isOpen;
    private bool _toldOfBacklog;
    private uint _waited;

    /// <summary>The queue for a fresh event.</summary>
    public string Queue => _isOpen ? LeadEvent.FreshQueueName : LeadEvent.QueueName;

    /// <summary>Looks at both queues now and then, until the connection is lost, whose channels end with it. Never throws.</summary>
    public async Task Watch(IConnection connection, Task lost)
    {
        IChannel? channel = null;
        while (!lost.IsCompleted)
        {
            try
            {
                if (channel is not { IsOpen: true })
                    channel = await connection.CreateChannelAsync();
                while (!lost.IsCompleted)
                {
                    var events = await channel.QueueDeclarePassiveAsync(LeadEvent.QueueName);
                    _isOpen = events.MessageCount >= (_toldOfBacklog ? Over : Backlog)
                        && (_isOpen || events.MessageCount < _waited)
                        && Flows(await channel.QueueDeclarePassiveAsync(LeadEvent.FreshQueueName));
                    _waited = events.MessageCount;
                    Tell(_waited);
                    await Task.WhenAny(lost, Task.Delay(Interval, time));
                }
            }
#pragma warning disable CA1031 // Whatever it was: a broker that blocks publishers doesn't answer, for example. Meanwhile there is one lane.
            catch (Exception)
            {
                _isOpen = false;
                await Task.WhenAny(lost, Task.Delay(AfterFailure, time));
            }
#pragma warning restore CA1031
        }

        _isOpen = false;
    }

    private static bool Flows(QueueDeclareOk fresh) => fresh.ConsumerCount > 0 && fresh.MessageCount < SecondBacklog;

    // Once for a backlog: where workers are outrun, the way past it opens and closes many times.
    private void Tell(uint waiting)
    {
        if (_isOpen && !_toldOfBacklog)
            LogPast(logger, waiting);
        else if (_toldOfBacklog && waiting < Over)
            LogOver(logger);
        _toldOfBacklog = _isOpen || _toldOfBacklog && waiting >= Over;
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Waiting} events wait in lead-events; fresh ones go past them, to lead-events-fresh")]
    private static partial void LogPast(ILogger logger, uint waiting);

    [LoggerMessage(Level = LogLevel.Information, Message = "The backlog in lead-events is gone; fresh events go there again")]
    private static partial void LogOver(ILogger logger);
}
