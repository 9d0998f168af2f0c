using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Router.Core.Deliveries;
using Router.Core.Leads;
using Router.Core.Recovery;

namespace Router.Hosting;

/// <summary>
/// Reads what lies in the router's queues and puts it back: workers then take it for messages that one of them may have had before, which
/// costs nothing.
/// </summary>
internal static class QueueContents
{
    private const uint Most = 500_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly string[] Queues =
        [.. LeadEvent.Queues, BrokerQueues.Returned, RetryDelivery.QueueName, DeadLetter.QueueName];

    /// <exception cref="BrokerUnreachableException">RabbitMQ is away.</exception>
    public static async Task<QueuedMessages> Read(BrokerNodes nodes, CancellationToken cancellationToken)
    {
        var found = new QueuedMessages();
        await using var connection = await BrokerLine.Factory(nodes, "Router after a restore").CreateConnectionAsync(cancellationToken);
        foreach (var queue in Queues)
            await Read(connection, queue, found, cancellationToken);
        return found;
    }

    private static async Task Read(IConnection connection, string queue, QueuedMessages found, CancellationToken cancellationToken)
    {
        // Its end gives everything back, in its order.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        uint waiting;
        try
        {
            var declared = await channel.QueueDeclarePassiveAsync(queue, cancellationToken);
            waiting = declared.MessageCount;
            if (declared.ConsumerCount > 0 && queue is not BrokerQueues.Returned)
                found.Consumed.Add(queue);
        }
        catch (OperationInterruptedException missing) when (missing.ShutdownReason?.ReplyCode == 404)
        {
            // A RabbitMQ that no host has been at yet.
            return;
        }

        if (waiting > Most)
            found.Unfinished.Add(queue);
        if (await Take(channel, queue, Math.Min(waiting, Most), found, cancellationToken) && !found.Unfinished.Contains(queue))
            found.Unfinished.Add(queue);
    }

    /// <summary>Whether somebody else had some of them.</summary>
    private static async Task<bool> Take(
        IChannel channel, string queue, uint count, QueuedMessages found, CancellationToken cancellationToken)
    {
        if (count == 0)
            return false;

        var (rest, done) = ((long)count, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, message) =>
        {
            if (rest > 0)
                found.Note(queue, message.Body.Span);
            if (--rest == 0)
                done.TrySetResult();
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer, cancellationToken);
        for (var before = rest; rest > 0; before = rest)
        {
            await Task.WhenAny(done.Task, Task.Delay(Patience, cancellationToken));
            if (rest == before)
                return true;
        }

        return false;
    }
}
