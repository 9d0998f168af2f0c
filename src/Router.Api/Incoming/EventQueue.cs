using Microsoft.Extensions.Diagnostics.HealthChecks;
using Polly;
using Polly.Retry;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Router.Core.Leads;
using Router.Hosting;

namespace Router.Api.Incoming;

/// <summary>
/// The queue of events, from its publishing side: one connection, made anew whenever it is lost, and one channel whose publishes the broker
/// confirms. Without it, or while the broker blocks publishers, publishing fails at once. Not MassTransit's: that one's channel delays
/// every publish once 64 are unconfirmed, up to a second, and doesn't tell that the broker blocks.
/// </summary>
internal sealed partial class EventQueue(
    FreshLane lane, QueueTopology topology, ReturnedEvents returned, ErrorQueues errors, BrokerNodes nodes,
    TimeProvider time, ILogger<EventQueue> logger)
    : BackgroundService, IHealthCheck
{
    // A queue that was full for a moment nacks, too. What goes on for longer than this a new connection may end: it declares the queues
    // anew, and a channel of 3.10 goes on to be refused when the queue has long had room.
    private static readonly TimeSpan RefusedAtMost = TimeSpan.FromSeconds(5);

    private const string Blocked = "RabbitMQ blocks publishers: look at its disk and memory.";

    private const string NoConnection = "There is no connection to RabbitMQ.";

    private static readonly CreateChannelOptions Confirmed =
        new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true,
            outstandingPublisherConfirmationsRateLimiter: null);

    private readonly ResiliencePipeline _untilConnected = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            // All but the end of the host: a call that the broker leaves without an answer ends as canceled, too.
            ShouldHandle = failed =>
                ValueTask.FromResult(failed.Outcome.Exception is not null && !failed.Context.CancellationToken.IsCancellationRequested),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(100),
            MaxDelay = TimeSpan.FromSeconds(2),
            OnRetry = retry =>
            {
                // Once at first, then about every half a minute.
                if (retry.AttemptNumber % 15 == 0)
                    LogAway(logger, BrokerRefusal.Sentence(retry.Outcome.Exception!));
                return default;
            },
        })
        .Build();

    private volatile IChannel? _channel;
    private volatile bool _isBlocked;
    private volatile TaskCompletionSource? _lost;
    private long _refusedSince;

    /// <summary>Why nothing can be published just now; null when it can.</summary>
    public string? WhyClosed => _channel is null ? NoConnection : _isBlocked ? Blocked : null;

    /// <summary>A fresh event, by the lane that is open to it. Returns once the message is on the broker's disk.</summary>
    /// <exception cref="Exception">It may not be there.</exception>
    public ValueTask Publish(LeadMessage message) =>
        Publish(lane.Queue(message.IsNewLead), message.EventId, message.Utf8, again: false);

    /// <summary>
    /// Returns once the message is on the broker's disk: in that queue or, if it is large, in <see cref="LeadEvent.LargeQueueName"/>.
    /// </summary>
    /// <exception cref="Exception">It may not be there.</exception>
    public ValueTask Publish(string queue, Guid eventId, ReadOnlyMemory<byte> utf8, bool again)
    {
        if (_channel is not { } channel || _isBlocked)
            throw new InvalidOperationException(WhyClosed ?? NoConnection);
        if (utf8.Length > LeadEvent.Large)
            queue = LeadEvent.LargeQueueName;
        var properties = new BasicProperties { ContentType = "application/json", Persistent = true, MessageId = eventId.ToString("D") };
        if (again)
            properties.Headers = new Dictionary<string, object?>(StringComparer.Ordinal) { [LeadMessage.AgainHeader] = true };
        // Mandatory: should the queue be gone, the broker returns the message instead of confirming a lead into nowhere.
        var confirmed = channel.BasicPublishAsync("", queue, mandatory: true, properties, utf8, CancellationToken.None);
        if (!confirmed.IsCompleted)
            return Confirm(confirmed);
        if (confirmed.IsCompletedSuccessfully)
            Volatile.Write(ref _refusedSince, 0);
        return confirmed;
    }

    private async ValueTask Confirm(ValueTask confirmed)
    {
        try
        {
            await confirmed;
            Volatile.Write(ref _refusedSince, 0);
        }
        catch (PublishException)
        {
            var now = time.GetTimestamp();
            if (Interlocked.CompareExchange(ref _refusedSince, now, 0) is not 0 and var since
                && time.GetElapsedTime(since, now) > RefusedAtMost
                && _lost is { } lost && lost.TrySetResult())
                LogRefused(logger);
            throw;
        }
    }

    /// <summary>Without it the host goes on: events go to the outbox.</summary>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(WhyClosed is { } closed ? HealthCheckResult.Degraded(closed) : HealthCheckResult.Healthy());

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _untilConnected.ExecuteAsync(async token => await UseConnection(token), stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Connects and returns when the connection is lost again.</summary>
    private async Task UseConnection(CancellationToken stopping)
    {
        var factory = BrokerLine.Factory(nodes, "Router.Api");
        _isBlocked = false;
        await using var connection = await factory.CreateConnectionAsync(stopping);
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.ConnectionBlockedAsync += (_, _) => Block(true);
        connection.ConnectionUnblockedAsync += (_, _) => Block(false);
        connection.ConnectionShutdownAsync += (_, _) => Lose(lost);
        // By whichever host comes first: a lead published before the first worker ever started must find its queue.
        await topology.Ensure(connection, stopping);
        await using var channel = await connection.CreateChannelAsync(Confirmed, stopping);
        channel.ChannelShutdownAsync += (_, _) => Lose(lost);

        Volatile.Write(ref _refusedSince, 0);
        _lost = lost;
        _channel = channel;
        // Not awaited: what hangs in the closing of a lost connection must not keep a new one from being made.
        _ = lane.Watch(connection, lost.Task);
        _ = returned.Collect(connection, lost.Task);
        _ = errors.Collect(connection, lost.Task);
        try
        {
            await lost.Task.WaitAsync(stopping);
            LogLost(logger);
        }
        finally
        {
            _channel = null;
            lost.TrySetResult();
        }
    }

    private Task Block(bool isBlocked)
    {
        _isBlocked = isBlocked;
        if (isBlocked)
            LogBlocked(logger);
        return Task.CompletedTask;
    }

    private static Task Lose(TaskCompletionSource lost)
    {
        lost.TrySetResult();
        return Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "RabbitMQ is not available ({Exception}); trying again. Accepted events go to the outbox")]
    private static partial void LogAway(ILogger logger, string exception);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "RabbitMQ has refused every event for some seconds; connecting anew. Accepted events go to the outbox")]
    private static partial void LogRefused(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection to RabbitMQ is lost; connecting anew")]
    private static partial void LogLost(ILogger logger);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "RabbitMQ blocks publishers: its disk or memory runs out. Accepted events go to the outbox")]
    private static partial void LogBlocked(ILogger logger);
}
