using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Database;
using Router.Core.Deliveries;

namespace Router.Worker;

/// <summary>
/// Tells operators when a lead hasn't reached its Lead Manager in time: a lead is worth most in its first minutes. Once for each Lead Manager
/// when that begins and once when it ends, from each worker.
/// </summary>
internal sealed partial class LateLeads(NpgsqlDataSource database, IOptions<DeliveryOptions> options, TimeProvider time, ILogger<LateLeads> logger) : BackgroundService
{
    private readonly HashSet<Guid> _late = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.LateAfter / 6, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await Look(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task Look(CancellationToken cancellationToken)
    {
        // From one Lead Manager with waiting leads to the next: what waits elsewhere isn't looked at.
        const string sql = """
            select x.id, x.site_id, waiting.count, waiting.oldest
            from destinations x
            cross join lateral (
                select count(*) as count, min(accepted_at) as oldest from (
                    select accepted_at from deliveries
                    where destination_id = x.id and state = 'retrying' and not is_test and accepted_at <= now() - @LateAfter limit 1000) r
                union all
                select count(*), min(accepted_at) from (
                    select accepted_at from deliveries where destination_id = x.id and state = 'held' and accepted_at <= now() - @LateAfter limit 1000) h
            ) waiting
            where x.kind = 'lead_manager' and waiting.count > 0
            """;
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            var rows = (await connection.QueryAsync<(Guid Destination, Guid Site, long Count, DateTimeOffset Oldest)>(
                new CommandDefinition(sql, new { options.Value.LateAfter }, cancellationToken: cancellationToken))).AsList();
            var late = rows.Select(row => row.Destination).ToHashSet();
            foreach (var row in rows.Where(row => _late.Add(row.Destination)))
                LogLate(logger, row.Site, row.Count, (time.GetUtcNow() - row.Oldest).TotalSeconds);
            foreach (var destination in _late.Where(destination => !late.Contains(destination)).ToList())
            {
                _late.Remove(destination);
                LogInTime(logger, destination);
            }
        }
        catch (Exception outage) when (DatabaseAvailability.IsOutage(outage) && !cancellationToken.IsCancellationRequested)
        {
            // Told by those who wait for the database.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Site {SiteId}: {Count} leads have not reached Lead Manager in time, the oldest waits for {Seconds:0} s")]
    private static partial void LogLate(ILogger logger, Guid siteId, long count, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lead Manager {DestinationId} has all its leads again")]
    private static partial void LogInTime(ILogger logger, Guid destinationId);
}
