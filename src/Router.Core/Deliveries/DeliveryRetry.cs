using Dapper;
using Npgsql;

namespace Router.Core.Deliveries;

/// <summary>Tries a delivery at once, on somebody's word: a dead one with a fresh schedule, or one whose next attempt is hours away.</summary>
public sealed class DeliveryRetry(NpgsqlDataSource database)
{
    /// <summary>
    /// True when it is due now. False when there is nothing to try: it is finished otherwise, its destination is inactive, or an attempt is
    /// under way. Its copy in the dead-letter queue, if any, does nothing any more.
    /// </summary>
    public async Task<bool> Now(Guid siteId, Guid eventId, Guid destinationId, CancellationToken cancellationToken)
    {
        const string sql = """
            update deliveries d
            set state = 'retrying', next_attempt_at = now(), leased_until = null, finished_at = null,
                retry_step = case when d.state = 'dead' then 0 else d.retry_step end
            from destinations x
            where d.site_id = @siteId and d.event_id = @eventId and d.destination_id = @destinationId
              and x.id = d.destination_id and x.active
              and (d.state = 'dead' or d.state = 'retrying' and (d.leased_until is null or d.leased_until <= now()))
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(
            sql, new { siteId, eventId, destinationId }, cancellationToken: cancellationToken)) > 0;
    }
}
