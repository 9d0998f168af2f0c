using Microsoft.Extensions.Logging;
using Npgsql;
using Polly;
using Polly.Retry;

namespace Router.Core.Database;

/// <summary>
/// Waits while Postgres is away instead of failing: what waits is an unacknowledged message, and the broker keeps it.
/// </summary>
public sealed partial class DatabaseAvailability(TimeProvider time, ILogger<DatabaseAvailability> logger)
{
    private readonly ResiliencePipeline _untilAvailable = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<Exception>(IsOutage),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(100),
            MaxDelay = TimeSpan.FromSeconds(2),
            OnRetry = retry =>
            {
                // Once at first, then about every half a minute: an outage is one event, not a flood.
                if (retry.AttemptNumber % 15 == 0)
                    LogWaiting(logger, retry.Outcome.Exception!.GetType().Name, (retry.Outcome.Exception as PostgresException)?.SqlState);
                return default;
            },
        })
        .Build();

    /// <summary>
    /// Runs <paramref name="work"/> until it meets an available database; other failures pass through. Stopping ends only the
    /// wait, never the work: what a request has led to is recorded even while the host goes down.
    /// </summary>
    /// <exception cref="OperationCanceledException">The host stops while the database is away.</exception>
    public async ValueTask<T> Wait<T>(Func<CancellationToken, ValueTask<T>> work, CancellationToken stopping)
    {
        try
        {
            return await work(CancellationToken.None);
        }
        catch (Exception outage) when (IsOutage(outage))
        {
            return await _untilAvailable.ExecuteAsync(_ => work(CancellationToken.None), stopping);
        }
    }

    /// <summary>
    /// Whether the database is away or busy with itself, rather than our statement wrong. A statement that ran into its
    /// timeout counts: its transaction is rolled back.
    /// </summary>
    public static bool IsOutage(Exception exception) => exception switch
    {
        PostgresException postgres => !IsRefusal(postgres.SqlState),
        NpgsqlException => true,
        TimeoutException or System.IO.IOException or System.Net.Sockets.SocketException => true,
        _ => false,
    };

    // The classes in which the row or our statement is at fault: data, integrity, unsupported, syntax. All others are about
    // the server: starting, stopping, full, read-only, refusing the password. Then a lead waits and isn't given up.
    private static bool IsRefusal(string state) => state[..2] is "22" or "23" or "0A" or "42";

    [LoggerMessage(Level = LogLevel.Warning, Message = "Postgres is not available ({Exception} {SqlState}); waiting for it. Nothing is lost: leads wait in RabbitMQ.")]
    private static partial void LogWaiting(ILogger logger, string exception, string? sqlState);
}
