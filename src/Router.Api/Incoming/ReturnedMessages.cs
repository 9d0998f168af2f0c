using RabbitMQ.Client;
using Router.Core.Intake;
using Router.Core.Leads;
using Router.Core.SetAside;
using Router.Hosting;

namespace Router.Api.Incoming;

/// <summary>
/// Takes out what RabbitMQ and MassTransit give up. An event that expired, found no room or was given back too often goes into the outbox
/// and is published again: nobody decided against it. What lies in an error queue is set aside for an operator.
/// </summary>
internal sealed partial class ReturnedMessages(
    LeadOutbox outbox, SetAsideMessages setAside, BrokerWatch watch, TimeProvider time, ILogger<ReturnedMessages> logger)
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
        await Take(connection, BrokerQueues.Returned, Return);
        foreach (var queue in watch.ErrorQueues ?? Blindly())
            await Take(connection, queue, (message, token) => SetAside(queue, message, token));
    }

    private string[] Blindly()
    {
        if (time.GetElapsedTime(_blindAt) < BlindInterval)
            return [];

        _blindAt = time.GetTimestamp();
        return BrokerQueues.Errors;
    }

    private static async Task Take(IConnection connection, string queue, Func<BasicGetResult, CancellationToken, Task> keep)
    {
        await using var channel = await connection.CreateChannelAsync();
        try
        {
            while (await channel.BasicGetAsync(queue, autoAck: false) is { } message)
            {
                await keep(message, CancellationToken.None);
                await channel.BasicAckAsync(message.DeliveryTag, multiple: false);
            }
        }
        catch (RabbitMQ.Client.Exceptions.OperationInterruptedException missing) when (missing.ShutdownReason?.ReplyCode == 404)
        {
            // Error queues are made by whoever puts something there.
        }
    }

    private async Task Return(BasicGetResult message, CancellationToken cancellationToken)
    {
        var from = Header(message, "x-first-death-queue") ?? LeadEvent.QueueName;
        var facts = MessageFacts.Of(message.Body.Span);
        LogReturned(logger, facts.EventId, from, Header(message, "x-first-death-reason") ?? "unknown");
        // A retry and a dead letter are in the ledger, which knows what is due.
        if (from is not (LeadEvent.QueueName or LeadEvent.FreshQueueName))
            return;

        if (facts.EventId is { } id)
            await outbox.KeepReturned(id, LeadEvent.QueueName, message.Body, cancellationToken);
        else
            await setAside.Keep(LeadEvent.QueueName, SetAsideReason.Unreadable, detail: null, message.Body, cancellationToken);
    }

    private async Task SetAside(string queue, BasicGetResult message, CancellationToken cancellationToken)
    {
        var origin = queue[..queue.LastIndexOf('_')];
        var facts = await setAside.Keep(
            origin == LeadEvent.FreshQueueName ? LeadEvent.QueueName : origin, SetAsideReason.ErrorQueue,
            Header(message, "MT-Fault-ExceptionType"), message.Body, cancellationToken);
        LogSetAside(logger, facts.EventId, queue);
    }

    private static string? Header(BasicGetResult message, string name) =>
        message.BasicProperties.Headers is { } headers && headers.TryGetValue(name, out var value) && value is byte[] text
            ? System.Text.Encoding.UTF8.GetString(text) : null;

    [LoggerMessage(Level = LogLevel.Error,
        Message = "RabbitMQ gave up event {MessageId} in {Queue} ({Reason}); it is published again. Look at the queue's policies")]
    private static partial void LogReturned(ILogger logger, Guid? messageId, string queue, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Event {MessageId} lay in {Queue}; it is set aside, see the operator's page")]
    private static partial void LogSetAside(ILogger logger, Guid? messageId, string queue);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What RabbitMQ gave up could not be taken out ({Exception}); trying again")]
    private static partial void LogFailed(ILogger logger, string exception);
}
