using RabbitMQ.Client;
using Router.Core.Intake;
using Router.Core.Leads;

namespace Router.Api.Incoming;

/// <summary>
/// Where a fresh event goes: to the end of <see cref="LeadEvent.QueueName"/> or, while workers catch up with a backlog there, past it into
/// <see cref="LeadEvent.FreshQueueName"/> (<see cref="BacklogBypass"/>). Both are consumed at any time, so a wrong guess costs an event its
/// precedence and nothing else.
/// </summary>
internal sealed partial class FreshLane(TimeProvider time, ILogger<FreshLane> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(2);

    private readonly BacklogBypass _bypass = new();

    /// <summary>
    /// The queue for a fresh event. New leads are what minutes matter for; what follows them stays behind what it may follow.
    /// </summary>
    public string Queue(bool isNewLead) => isNewLead && _bypass.IsOpen ? LeadEvent.FreshQueueName : LeadEvent.QueueName;

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
                    var fresh = await channel.QueueDeclarePassiveAsync(LeadEvent.FreshQueueName);
                    var wasBacklog = _bypass.IsBacklog;
                    _bypass.Look(events.MessageCount, fresh.MessageCount, fresh.ConsumerCount);
                    if (!wasBacklog && _bypass.IsBacklog)
                        LogPast(logger, events.MessageCount);
                    else if (wasBacklog && !_bypass.IsBacklog)
                        LogOver(logger);
                    await Task.WhenAny(lost, Task.Delay(Interval, time));
                }
            }
#pragma warning disable CA1031 // Whatever it was: a broker that blocks publishers doesn't answer, for example. Meanwhile there is one lane.
            catch (Exception)
            {
                _bypass.Close();
                await Task.WhenAny(lost, Task.Delay(AfterFailure, time));
            }
#pragma warning restore CA1031
        }

        _bypass.Close();
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Waiting} events wait in lead-events; fresh ones go past them, to lead-events-fresh")]
    private static partial void LogPast(ILogger logger, uint waiting);

    [LoggerMessage(Level = LogLevel.Information, Message = "The backlog in lead-events is gone; fresh events go there again")]
    private static partial void LogOver(ILogger logger);
}
