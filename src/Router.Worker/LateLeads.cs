using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Deliveries;
using Router.Core.Duties;

namespace Router.Worker;

/// <summary>
/// Tells operators when a lead hasn't reached its Lead Manager in time: a lead is worth most in its first minutes. Once for each Lead
/// Manager when that begins and once when it ends, from each worker. How many there are is a metric.
/// </summary>
internal sealed partial class LateLeads(
    NpgsqlDataSource database, IOptions<DeliveryOptions> options, LateLeadMetrics metrics, HostDuties duties, TimeProvider time,
    ILogger<LateLeads> logger)
    : PeriodicWork("Alarm for late leads", options.Value.LateAfter / 6, duties, time)
{
    private readonly HashSet<Guid> _late = [];
    private readonly IOptions<DeliveryOptions> _options = options;
    private readonly TimeProvider _time = time;
    private readonly ILogger _log = logger;

    protected override async Task Once(CancellationToken cancellationToken)
    {
        // From one destination with waiting leads to the next, in the partial indexes: those that are well aren't looked at, however many.
        const string sql = $"""
            with recursive {WaitingDestinations.Retrying}, {WaitingDestinations.Held}
            select x.id, x.site_id, late.count, late.oldest
            from destinations x
            cross join lateral (
                select count(*) as count, min(accepted_at) as oldest from (
                    select accepted_at from deliveries
                    where destination_id = x.id and state in ('retrying', 'held') and delivered_at is null and not is_test
                      and accepted_at <= now() - @LateAfter and (x.max_per_second is null or attempt is not null) limit 1000) d
            ) late
            where x.kind = 'lead_manager' and x.id in (select id from waiting union select id from holding) and late.count > 0
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = (await connection.QueryAsync<(Guid Destination, Guid Site, long Count, DateTimeOffset Oldest)>(
            new CommandDefinition(sql, new { _options.Value.LateAfter }, cancellationToken: cancellationToken))).AsList();
        metrics.Set(rows.Sum(row => row.Count));
        var late = rows.Select(row => row.Destination).ToHashSet();
        foreach (var row in rows.Where(row => _late.Add(row.Destination)))
            LogLate(_log, row.Site, row.Count, (_time.GetUtcNow() - row.Oldest).TotalSeconds);
        foreach (var destination in _late.Where(destination => !late.Contains(destination)).ToList())
        {
            _late.Remove(destination);
            LogInTime(_log, destination);
        }
    }

    [LoggerMessage(Level = LogLevel.Error,
        Message = "Site {SiteId}: {Count} leads have not reached Lead Manager in time, the oldest waits for {Seconds:0} s")]
    private static partial void LogLate(ILogger logger, Guid siteId, long count, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lead Manager {DestinationId} has all its leads again")]
    private static partial void LogInTime(ILogger logger, Guid destinationId);
}
