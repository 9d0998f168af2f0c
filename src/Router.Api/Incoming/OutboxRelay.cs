using System.Data.Common;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Router.Core.Intake;
using Router.Hosting;

namespace Router.Api.Incoming;

/// <summary>
/// Publishes what waits in the outbox, in its order, once the broker confirms again. Until nothing waits any more, this host's new events
/// go behind those.
/// </summary>
internal sealed partial class OutboxRelay(
    LeadOutbox outbox, EventQueue queue, IOptions<BrokerOptions> options, TimeProvider time, ILogger<OutboxRelay> logger)
    : BackgroundService, IHealthCheck
{
    // One tells whether the broker is back; then more at a time.
    private const int First = 1;
    private const int Most = 256;

    // For what a host left behind that is gone.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    // Left waiting rather than given up soon: what the broker is slow to confirm it may have, and would have twice.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _wake = new(0, 1);
    // Until it has looked: the host before this one may have left events.
    private volatile bool _isBehind = true;
    private bool _toldOfOutage;

    /// <summary>Whether the broker didn't confirm lately, or events still wait.</summary>
    public bool IsBehind => _isBehind;

    /// <summary>The broker didn't confirm.</summary>
    public void FallBehind() => _isBehind = true;

    /// <summary>Something waits.</summary>
    public void Wake()
    {
        if (_wake.CurrentCount > 0)
            return;
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody else has just said so.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var most = First;
        var inOtherHands = 0;
        long relayed = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await outbox.Relay(most, options.Value.MaxMessageBytes, Publish, stoppingToken) is not { } count)
                {
                    // Another host is at it, with what this one has kept, too.
                    if (++inOtherHands % 60 == 0)
                        LogInOtherHands(logger);
                    await Task.Delay(Pause, time, stoppingToken);
                    continue;
                }

                inOtherHands = 0;
                relayed += count;
                if (count == most)
                {
                    most = Most;
                    continue;
                }

                _isBehind = false;
                if (relayed > 0)
                    LogRelayed(logger, relayed);
                (relayed, most, _toldOfOutage) = (0, First, false);
                await _wake.WaitAsync(Interval, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it was, the events still wait; a relay that ends would leave them.
            catch (Exception failed)
            {
                // The broker may take less than we believe. Alone it shows which message it is that ends the connection.
                if (most == First && BrokerRefusal.IsPrecondition(failed) && await TrySetAside(stoppingToken))
                    continue;
                if (!_toldOfOutage)
                    LogWaiting(logger, failed.GetType().Name);
                (most, _toldOfOutage) = (First, true);
                await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
#pragma warning restore CA1031
        }
    }

    private Task Publish(IReadOnlyList<WaitingMessage> messages) => Task.WhenAll(messages.Select(
        message => queue.Publish(message.Queue, message.EventId, message.Message, message.Again).AsTask())).WaitAsync(Patience, time);

    private async Task<bool> TrySetAside(CancellationToken cancellationToken)
    {
        try
        {
            await outbox.SetAsideOldest(cancellationToken);
            LogSetAside(logger);
            return true;
        }
        catch (Exception failed) when (failed is DbException or TimeoutException)
        {
            return false;
        }
    }

    /// <summary>The outbox is a way round a broker that doesn't take leads: somebody should look why.</summary>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            return await outbox.Waiting(cancellationToken) is { Count: > 0 } waiting
                ? HealthCheckResult.Degraded($"{waiting.Count} accepted events wait in the outbox for RabbitMQ.")
                : HealthCheckResult.Healthy();
        }
        catch (Exception away) when (away is DbException or TimeoutException or OperationCanceledException)
        {
            return HealthCheckResult.Degraded("Whether events wait in the outbox isn't known: Postgres doesn't answer.");
        }
    }

    public override void Dispose()
    {
        _wake.Dispose();
        base.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Error, Message =
        "Accepted events wait in the outbox ({Exception}): RabbitMQ doesn't confirm, or Postgres is away. "
        + "Nothing is lost; they are published when both are back")]
    private static partial void LogWaiting(ILogger logger, string exception);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "RabbitMQ refuses an event of the outbox for its size; it is set aside, see the operator's page")]
    private static partial void LogSetAside(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Another host has been publishing from the outbox for half a minute; this one's events wait behind")]
    private static partial void LogInOtherHands(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} events that waited in the outbox are with RabbitMQ now")]
    private static partial void LogRelayed(ILogger logger, long count);
}
