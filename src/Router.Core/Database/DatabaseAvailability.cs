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
    /// Whether it is the server, its schema or the way to it, rather than the row that we handed in (<see cref="RowFaults"/>). A statement
    /// that ran into its timeout counts: its transaction is rolled back.
    /// </summary>
    public static bool IsOutage(Exception exception) => exception switch
    {
        PostgresException postgres => !RowFaults.Is(postgres),
        NpgsqlException => true,
        TimeoutException or IOException or System.Net.Sockets.SocketException => true,
        _ => false,
    };

    /// <summary>
    /// What a log or a page may say of it: the class of the exception, and what Postgres calls it. Never a text that may hold a value.
    /// </summary>
    public static string Name(Exception exception) =>
        (exception as PostgresException ?? exception.InnerException as PostgresException) is { } postgres
        ? $"PostgresException {postgres.SqlState}"
        : exception.GetType().Name;

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Postgres is not available ({Exception} {SqlState}); waiting for it. Nothing is lost: leads wait in RabbitMQ.")]
    private static partial void LogWaiting(ILogger logger, string exception, string? sqlState);
}
