using Dapper;
using Npgsql;

namespace Router.Core.Deliveries;

/// <summary>
/// Sends one delivery again, on somebody's word, under the same message id. It goes the way of retries, so fresh leads go on beside it.
/// Tests are never replayed, nor what has no contents any more. What was delivered before stays delivered, whatever its replay comes to.
/// For many at once see <see cref="ReplayJobs"/>.
/// </summary>
public sealed class DeliveryReplay(NpgsqlDataSource database)
{
    /// <summary>Makes deliveries due; whoever uses it says which, by <c>d</c>.</summary>
    internal const string Again = """
        update deliveries d
        set state = 'retrying', next_attempt_at = now(), leased_until = null, finished_at = null,
            delivered_at = case when d.state = 'delivered' then coalesce(d.delivered_at, d.finished_at) else d.delivered_at end,
            retry_step = case when d.state = 'retrying' then d.retry_step else 0 end,
            replayed_at = case when d.state = 'retrying' then d.replayed_at else now() end
        from destinations x
        where x.id = d.destination_id and x.active and not d.is_test
          and exists (select from lead_events b where b.id = d.event_id and b.body is not null)
        """;

    /// <summary>Tries all that wait for a destination's next attempts at once, in small steps; how many.</summary>
    public async Task<int> AllWaiting(Guid siteId, Guid destinationId, CancellationToken cancellationToken)
    {
        const int mostRows = 1_000;
        // What is due already, or in somebody's hands, is left alone: so each step finds others, and it ends.
        const string sql = $"""
            {Again}
              and (d.destination_id, d.accepted_at, d.event_id) in (
                  select w.destination_id, w.accepted_at, w.event_id from deliveries w
                  where w.destination_id = @destinationId and w.site_id = @siteId and w.state = 'retrying' and w.next_attempt_at > now()
                    and (w.leased_until is null or w.leased_until <= now())
                  limit @mostRows for update skip locked)
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var all = 0;
        int step;
        do
        {
            step = await connection.ExecuteAsync(
                new CommandDefinition(sql, new { siteId, destinationId, mostRows }, cancellationToken: cancellationToken));
            all += step;
        }
        while (step == mostRows);
        return all;
    }

    /// <summary>
    /// Tries a delivery at once: a dead one with a fresh schedule, or one whose next attempt is hours away. With
    /// <paramref name="finished"/> also one that was delivered, rejected or canceled.
    /// </summary>
    /// <returns>
    /// False when there is nothing to try: it is finished otherwise, its destination is inactive, an attempt is under way, or the lead's
    /// contents are deleted. Its copy in the dead-letter queue, if any, does nothing any more.
    /// </returns>
    public async Task<bool> One(Guid siteId, Guid eventId, Guid destinationId, bool finished, CancellationToken cancellationToken)
    {
        const string sql = $"""
            {Again}
              and d.site_id = @siteId and d.event_id = @eventId and d.destination_id = @destinationId
              and d.accepted_at = (select accepted_at from lead_events where id = @eventId)
              -- News of the destination's switch is old news once it is finished.
              and (d.state = 'retrying' or exists (select from lead_events e where e.id = d.event_id and e.action not like 'integration_%'))
              and (d.state = 'dead' or d.state = 'retrying' and (d.leased_until is null or d.leased_until <= now())
                   or @finished and d.state in ('delivered', 'rejected', 'canceled'))
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(
            sql, new { siteId, eventId, destinationId, finished }, cancellationToken: cancellationToken)) > 0;
    }
}
