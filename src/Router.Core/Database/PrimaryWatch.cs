using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Router.Core.Database;

/// <summary>
/// Where there are several addresses of Postgres, looks each second whether the one in use can still be written to; where it can't, all are
/// asked anew. Npgsql by itself does so every ten seconds, whether anything has changed or not: it notices late that another one is the
/// primary, and each time waits once more for one whose machine is gone.
/// Looks by way of each pool: each asks for itself, and one that did just before a standby was promoted would go on believing that there is
/// no primary, while another one has found it.
/// </summary>
internal sealed partial class PrimaryWatch(
    NpgsqlDataSource database, [FromKeyedServices(Databases.Unflushed)] NpgsqlDataSource unflushed, DatabaseHosts hosts, TimeProvider time,
    ILogger<PrimaryWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // A machine that has just vanished doesn't say so.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Whether this server, or this session, takes no rows.</summary>
    public const string IsReadOnly = "select pg_is_in_recovery() or current_setting('transaction_read_only')::boolean";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Made by now, so that they are known.
        _ = (database, unflushed);
        var pools = hosts.Pools;
        if (pools.Count == 0)
            return;

        var isLost = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            var looks = await Task.WhenAll(pools.Select(pool => IsWritable(pool, stoppingToken)));
            if (looks.Contains(false))
            {
                hosts.AskAnew();
                if (!isLost)
                    LogLost(logger);
                isLost = true;
            }
            else if (isLost)
            {
                LogFound(logger);
                isLost = false;
            }

            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<bool> IsWritable(NpgsqlDataSource pool, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(Patience);
        try
        {
            await using var connection = await pool.OpenConnectionAsync(limit.Token);
            await using var command = new NpgsqlCommand(IsReadOnly, connection);
            return !(bool)(await command.ExecuteScalarAsync(limit.Token))!;
        }
#pragma warning disable CA1031 // Whatever it was: all of them are asked.
        catch (Exception)
        {
            return stopping.IsCancellationRequested;
        }
#pragma warning restore CA1031
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The Postgres in use can no longer be written to; looking for the primary among all addresses")]
    private static partial void LogLost(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "There is a Postgres that can be written to")]
    private static partial void LogFound(ILogger logger);
}
