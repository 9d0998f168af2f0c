using Dapper;
using Npgsql;

namespace Router.Core.Deliveries;

/// <summary>
/// Sends deliveries again, on somebody's word, under the same message id. They go the way of retries, a limited number of each destination
/// at a time, so that however many there are, fresh leads go on beside them. Tests are never replayed.
/// </summary>
public sealed class DeliveryReplay(NpgsqlDataSource database)
{
    /// <summary>How many <see cref="All"/> takes at once.</summary>
    public const int Most = 10_000;

    private const string Again = """
        update deliveries d
        set state = 'retrying', next_attempt_at = now(), leased_until = null, finished_at = null,
            retry_step = case when d.state = 'retrying' then d.retry_step else 0 end
        from destinations x
        where x.id = d.destination_id and x.active and not d.is_test
        """;

    /// <summary>
    /// Tries a delivery at once: a dead one with a fresh schedule, or one whose next attempt is hours away. With <paramref name="finished"/>
    /// also one that was delivered, rejected or canceled.
    /// </summary>
    /// <returns>
    /// False when there is nothing to try: it is finished otherwise, its destination is inactive, or an attempt is under way. Its copy in
    /// the dead-letter queue, if any, does nothing any more.
    /// </returns>
    public async Task<bool> One(Guid siteId, Guid eventId, Guid destinationId, bool finished, CancellationToken cancellationToken)
    {
        const string sql = $"""
            {Again}
              and d.site_id = @siteId and d.event_id = @eventId and d.destination_id = @destinationId
              and (d.state = 'dead' or d.state = 'retrying' and (d.leased_until is null or d.leased_until <= now())
                   or @finished and d.state in ('delivered', 'rejected', 'canceled'))
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(
            sql, new { siteId, eventId, destinationId, finished }, cancellationToken: cancellationToken)) > 0;
    }

    /// <summary>Sends all of a filter again that are finished, the oldest first, at most <see cref="Most"/>; how many.</summary>
    /// <param name="siteId">The site.</param>
    /// <param name="filter">Which of them; its state must be a finished one.</param>
    /// <param name="cancellationToken">Ends the statement.</param>
    public async Task<int> All(Guid siteId, DeliveryFilter filter, CancellationToken cancellationToken)
    {
        var sql = $"""
            {Again}
              and (d.event_id, d.destination_id) in (
                  select d.event_id, d.destination_id
                  from deliveries d join lead_events e on e.id = d.event_id join destinations x on x.id = d.destination_id
                  where d.state in ('dead', 'delivered', 'rejected', 'canceled') and x.active and not d.is_test
                    and e.action not like 'integration_%' and {filter.Where}
                  order by d.accepted_at, d.event_id
                  limit @Most
                  for update of d skip locked)
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(sql, filter.Parameters(siteId, new { Most }), commandTimeout: 60, cancellationToken: cancellationToken));
    }

    /// <summary>How many <see cref="All"/> would send; counts no further than one more than it takes.</summary>
    public async Task<int> Count(Guid siteId, DeliveryFilter filter, CancellationToken cancellationToken)
    {
        var sql = $"""
            select count(*)::int from (
                select from deliveries d join lead_events e on e.id = d.event_id join destinations x on x.id = d.destination_id
                where d.state in ('dead', 'delivered', 'rejected', 'canceled') and x.active and not d.is_test
                  and e.action not like 'integration_%' and {filter.Where}
                limit @Most + 1) found
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<int>(new CommandDefinition(sql, filter.Parameters(siteId, new { Most }), cancellationToken: cancellationToken));
    }
}
