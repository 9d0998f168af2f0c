using RabbitMQ.Client;
using Router.Core.Leads;

namespace Router.Api.Incoming;

/// <summary>
/// Where a fresh event goes: to the end of <see cref="LeadEvent.QueueName"/> or, while a backlog waits there (workers were away, or were
/// outrun) and there are workers, past it into <see cref="LeadEvent.FreshQueueName"/>. Both are consumed at any time, so a wrong guess
/// costs an event its precedence and nothing else.
/// </summary>
internal sealed partial class FreshLane(TimeProvider time, ILogger<FreshLane> logger)
{
    // A fraction of a second's work: while workers keep up, nothing at all waits.
    private const int Backlog = 1000;
    private const int Over = 100;

    // With as many waiting it is no way past a backlog, but a second one.
    private const int Crowd = 500;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(2);

    private volatile bool _isOpen;

    public string Queue => _isOpen ? LeadEvent.FreshQueueName : LeadEvent.QueueName;

    /// <summary>Looks at both queues now and then, as long as there is this connection.</summary>
    public async Task Watch(IConnection connection, CancellationToken connected)
    {
        while (!connected.IsCancellationRequested)
        {
            try
            {
                await using var channel = await connection.CreateChannelAsync(cancellationToken: connected);
                while (true)
                {
                    var events = await channel.QueueDeclarePassiveAsync(LeadEvent.QueueName, connected);
                    if (events.MessageCount >= Over)
                        Judge(events, await channel.QueueDeclarePassiveAsync(LeadEvent.FreshQueueName, connected));
                    else
                        Open(false, events.MessageCount);
                    await Task.Delay(Interval, time, connected);
                }
            }
#pragma warning disable CA1031 // Without a look there is one lane, as long as it takes: a broker that blocks publishers doesn't answer.
            catch (Exception)
            {
                _isOpen = false;
                await Task.Delay(AfterFailure, time, connected).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
#pragma warning restore CA1031
        }
    }

    private void Judge(QueueDeclareOk events, QueueDeclareOk fresh) => Open(
        fresh.ConsumerCount > 0 && fresh.MessageCount < Crowd && events.MessageCount >= (_isOpen ? Over : Backlog), events.MessageCount);

    private void Open(bool isOpen, uint waiting)
    {
        if (_isOpen == isOpen)
            return;
        _isOpen = isOpen;
        if (isOpen)
            LogPast(logger, waiting, Queue);
        else
            LogAgain(logger, waiting);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Waiting} events wait in lead-events; fresh ones go past them, to {Queue}")]
    private static partial void LogPast(ILogger logger, uint waiting, string queue);

    [LoggerMessage(Level = LogLevel.Information, Message = "Fresh events go to lead-events again; {Waiting} wait there")]
    private static partial void LogAgain(ILogger logger, uint waiting);
}
