using RabbitMQ.Client;
using Router.Core.Leads;
using Router.Core.SetAside;
using Router.Hosting;

namespace Router.Api.Incoming;

/// <summary>Takes out what MassTransit gave up: what lies in an error queue is set aside for an operator.</summary>
internal sealed partial class ErrorQueues(SetAsideMessages setAside, BrokerWatch watch, TimeProvider time, ILogger<ErrorQueues> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    // Looking for a queue that isn't there is an error in RabbitMQ's log.
    private static readonly TimeSpan BlindInterval = TimeSpan.FromMinutes(5);

    private long _blindAt = long.MinValue / 2;

    /// <summary>Looks every two seconds until the connection is lost. Never throws.</summary>
    public async Task Collect(IConnection connection, Task lost)
    {
        var failures = 0;
        while (!lost.IsCompleted)
        {
            try
            {
                await CollectOnce(connection);
                failures = 0;
            }
#pragma warning disable CA1031 // Whatever it was, the messages are still there; the next look comes.
            catch (Exception failed)
            {
                if (failures++ % 15 == 0 && !lost.IsCompleted)
                    LogFailed(logger, failed.GetType().Name);
            }
#pragma warning restore CA1031
            await Task.WhenAny(lost, Task.Delay(Interval, time));
        }
    }

    private async Task CollectOnce(IConnection connection)
    {
        foreach (var queue in watch.ErrorQueues ?? Blindly())
            await Take(connection, queue);
    }

    private string[] Blindly()
    {
        if (time.GetElapsedTime(_blindAt) < BlindInterval)
            return [];

        _blindAt = time.GetTimestamp();
        return BrokerQueues.Errors;
    }

    private async Task Take(IConnection connection, string queue)
    {
        await using var channel = await connection.CreateChannelAsync();
        try
        {
            while (await channel.BasicGetAsync(queue, autoAck: false) is { } message)
            {
                await SetAside(queue, message);
                await channel.BasicAckAsync(message.DeliveryTag, multiple: false);
            }
        }
        catch (RabbitMQ.Client.Exceptions.OperationInterruptedException missing) when (missing.ShutdownReason?.ReplyCode == 404)
        {
            // It is made by whoever puts something there.
        }
    }

    private async Task SetAside(string queue, BasicGetResult message)
    {
        var origin = queue[..queue.LastIndexOf('_')];
        var facts = await setAside.Keep(
            LeadEvent.Queues.Contains(origin) ? LeadEvent.QueueName : origin, SetAsideReason.ErrorQueue,
            ExceptionType(message), message.Body, CancellationToken.None);
        LogSetAside(logger, facts.EventId, queue);
    }

    private static string? ExceptionType(BasicGetResult message) =>
        message.BasicProperties.Headers is { } headers && headers.TryGetValue("MT-Fault-ExceptionType", out var value)
        && value is byte[] text ? System.Text.Encoding.UTF8.GetString(text) : null;

    [LoggerMessage(Level = LogLevel.Error, Message = "Event {MessageId} lay in {Queue}; it is set aside, see the operator's page")]
    private static partial void LogSetAside(ILogger logger, Guid? messageId, string queue);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The error queues could not be emptied ({Exception}); trying again")]
    private static partial void LogFailed(ILogger logger, string exception);
}
