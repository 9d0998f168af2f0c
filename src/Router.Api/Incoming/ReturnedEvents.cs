using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Router.Core.Intake;
using Router.Core.Leads;
using Router.Core.SetAside;
using Router.Hosting;

namespace Router.Api.Incoming;

/// <summary>
/// Takes out what RabbitMQ gave up: an event that expired, found no room or was given back too often goes into the outbox and is published
/// again. Nobody decided against it.
/// </summary>
internal sealed partial class ReturnedEvents(
    LeadOutbox outbox, SetAsideMessages setAside, TimeProvider time, ILogger<ReturnedEvents> logger)
{
    // One commit for as many: a policy may have expired all that waited. Each may be megabytes.
    private const ushort AtOnce = 64;
    private const int MostBytes = 16 * 1024 * 1024;

    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(2);

    /// <summary>Until the connection is lost. Never throws.</summary>
    public async Task Collect(IConnection connection, Task lost)
    {
        for (var failures = 0; !lost.IsCompleted; failures++)
        {
            try
            {
                await Consume(connection);
            }
#pragma warning disable CA1031 // Whatever it was, the messages are still there; the next try comes.
            catch (Exception failed)
            {
                if (failures % 15 == 0 && !lost.IsCompleted)
                    LogFailed(logger, failed.GetType().Name);
            }
#pragma warning restore CA1031
            await Task.WhenAny(lost, Task.Delay(AfterFailure, time));
        }
    }

    /// <summary>Returns when the channel is closed.</summary>
    private async Task Consume(IConnection connection)
    {
        await using var channel = await connection.CreateChannelAsync();
        await channel.BasicQosAsync(prefetchSize: 0, AtOnce, global: false);
        var arrived = Channel.CreateUnbounded<Returned>();
        channel.ChannelShutdownAsync += (_, _) => End(arrived);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.UnregisteredAsync += (_, _) => End(arrived);
        consumer.ReceivedAsync += (_, message) =>
        {
            arrived.Writer.TryWrite(Returned.Of(message));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(BrokerQueues.Returned, autoAck: false, consumer);

        var batch = new List<Returned>();
        while (await arrived.Reader.WaitToReadAsync())
        {
            batch.Clear();
            for (var bytes = 0; bytes < MostBytes && arrived.Reader.TryRead(out var message); bytes += message.Body.Length)
                batch.Add(message);
            await Keep(batch);
            await channel.BasicAckAsync(batch[^1].Tag, multiple: true);
        }
    }

    private static Task End(Channel<Returned> arrived)
    {
        arrived.Writer.TryComplete();
        return Task.CompletedTask;
    }

    private async Task Keep(List<Returned> batch)
    {
        // A retry and a dead letter are in the ledger, which knows what is due.
        var events = batch.FindAll(message => LeadEvent.Queues.Contains(message.Queue));
        foreach (var unreadable in events.Where(message => message.EventId is null))
            await setAside.Keep(
                LeadEvent.QueueName, SetAsideReason.Unreadable, detail: null, unreadable.Body, CancellationToken.None);
        await outbox.KeepReturned([.. events.Where(message => message.EventId is not null)
            .Select(message => (message.EventId!.Value, (ReadOnlyMemory<byte>)message.Body))]);
        foreach (var alike in batch.GroupBy(message => (message.Queue, message.Reason)))
            LogReturned(logger, alike.Count(), alike.Key.Queue, alike.Key.Reason, alike.First().EventId);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "RabbitMQ gave up {Count} messages of {Queue} ({Reason}), the first of them event "
        + "{MessageId}; they are published again. Look at the queue's policies")]
    private static partial void LogReturned(ILogger logger, int count, string queue, string reason, Guid? messageId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What RabbitMQ gave up could not be taken out ({Exception}); trying again")]
    private static partial void LogFailed(ILogger logger, string exception);

    private sealed record Returned(ulong Tag, Guid? EventId, string Queue, string Reason, byte[] Body)
    {
        /// <summary>A copy: the client uses the message's memory for the next one.</summary>
        public static Returned Of(BasicDeliverEventArgs message) => new(
            message.DeliveryTag, MessageFacts.Of(message.Body.Span).EventId,
            Header(message, "x-first-death-queue") ?? LeadEvent.QueueName, Header(message, "x-first-death-reason") ?? "unknown",
            message.Body.ToArray());

        private static string? Header(BasicDeliverEventArgs message, string name) =>
            message.BasicProperties.Headers is { } headers && headers.TryGetValue(name, out var value) && value is byte[] text
                ? System.Text.Encoding.UTF8.GetString(text) : null;
    }
}
