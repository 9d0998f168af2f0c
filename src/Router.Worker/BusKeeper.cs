using MassTransit;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using Router.Core.Deliveries;
using Router.Hosting;

namespace Router.Worker;

/// <summary>
/// Starts the bus once the queues are as they must be, and watches over what is really taken from them, not over what the library believes:
/// by a connection of its own it sees messages that wait and lanes to which none comes. Then it starts the bus anew; if that doesn't help,
/// it ends the process with an error, and whoever runs it starts another one.
/// </summary>
internal sealed partial class BusKeeper(
    IServiceProvider services, CurrentBus current, ReadableSecrets secrets, QueueTopology topology, LaneCounts lanes,
    BrokerNodes nodes, IOptions<DeliveryOptions> delivery, IOptions<LaneOptions> options,
    IHostApplicationLifetime host, TimeProvider time, ILogger<BusKeeper> logger) : BackgroundService, IHealthCheck
{
    private const int MostRestarts = 5;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DeafFor = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    private volatile string? _trouble = "The worker hasn't connected to RabbitMQ yet.";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_trouble is { } trouble ? HealthCheckResult.Unhealthy(trouble) : HealthCheckResult.Healthy());

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var told = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Watch(stoppingToken);
                told = 0;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it was: without the connection nothing can be watched, and the next one is tried.
            catch (Exception failed)
            {
                var sentence = BrokerRefusal.Sentence(failed);
                _trouble = $"RabbitMQ can't be used: {sentence}.";
                if (told++ % 30 == 0)
                    LogAway(logger, sentence);
                await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
#pragma warning restore CA1031
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // Requests in flight may finish and are recorded.
        if (current.Bus is { } bus)
            await bus.Stop(delivery.Value.RequestTimeout + TimeSpan.FromSeconds(5));
    }

    /// <summary>Until the connection is lost, or for ever.</summary>
    private async Task Watch(CancellationToken stopping)
    {
        await using var connection = await BrokerLine.Factory(nodes, "Router.Worker (watch)").CreateConnectionAsync(stopping);
        await topology.Ensure(connection, stopping);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stopping);
        var deafness = BrokerQueues.Consumed
            .Select(queue => new LaneDeafness(queue, Lanes.Places(queue, options.Value), lanes.Of(queue), time)).ToList();
        var restarts = 0;
        while (true)
        {
            if (current.Bus is null)
                await Start(stopping);
            var deaf = TimeSpan.Zero;
            foreach (var lane in deafness)
                deaf = lane.Look(await channel.QueueDeclarePassiveAsync(lane.Queue, stopping)) is var since && since > deaf ? since : deaf;
            if (deaf == TimeSpan.Zero)
                (_trouble, restarts) = (null, 0);
            else if (deaf > DeafFor)
            {
                if (restarts++ == MostRestarts)
                {
                    LogGivesUp(logger);
                    Environment.ExitCode = 1;
                    host.StopApplication();
                    return;
                }

                await Restart(deafness.First(lane => lane.IsDeaf).Queue, stopping);
                deafness.ForEach(lane => lane.Forget());
            }

            await Task.Delay(Interval, time, stopping);
        }
    }

    private async Task Restart(string queue, CancellationToken stopping)
    {
        _trouble = $"Nothing comes from {queue} though it should; connecting anew.";
        LogDeaf(logger, queue);
        var dead = current.Bus!;
        current.Bus = null;
        // What it has in hand goes on. However it ends, a new one is made.
        await dead.Stop(StopTimeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Start(stopping);
    }

    private async Task Start(CancellationToken stopping)
    {
        await secrets.Wait(stopping);
        var bus = Broker.Create(services);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(StartTimeout);
        await bus.Start(limit.Token);
        current.Bus = bus;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "RabbitMQ can't be used: {Sentence}; trying again. Leads wait in it, unharmed")]
    private static partial void LogAway(ILogger logger, string sentence);

    [LoggerMessage(Level = LogLevel.Error, Message = "Nothing comes from {Queue} though it should; connecting to RabbitMQ anew")]
    private static partial void LogDeaf(ILogger logger, string queue);

    [LoggerMessage(Level = LogLevel.Critical,
        Message = "Connecting anew doesn't help, and this worker takes no leads: it ends. Another one must be started in its place")]
    private static partial void LogGivesUp(ILogger logger);
}
