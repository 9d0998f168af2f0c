using Dapper;
using Npgsql;

namespace Router.Core.Deliveries;

/// <summary>
/// What became of the leads that were received: at one destination, in an hour or in all of the span. Received is the sum of all others,
/// and missing is 0.
/// </summary>
/// <param name="DestinationId">The destination.</param>
/// <param name="DestinationName">Its name today.</param>
/// <param name="Deleted">Whether it is deleted.</param>
/// <param name="Hour">The hour's start, UTC; null for the whole span.</param>
/// <param name="Received">Messages accepted: new leads, updates, activities and changes of users, while the destination was there.</param>
/// <param name="Delivered">Taken by the receiver.</param>
/// <param name="Rejected">Not wanted by the receiver (406, 410).</param>
/// <param name="Retrying">On their way: the first attempt is under way or another one will follow.</param>
/// <param name="Held">Waiting for a paused destination.</param>
/// <param name="Dead">Given up.</param>
/// <param name="Canceled">The destination was switched off or deleted before they got through.</param>
/// <param name="Skipped">Not meant for it: it was off, or the sender chose others.</param>
/// <param name="Missing">
/// Planned more than a day ago, and nothing came of it. Never anything but 0; a replay of what was missed sends them.
/// </param>
/// <param name="CountsOnly">
/// Of those received: how many are so old that nothing but these counts is kept of them. No list shows them.
/// </param>
public sealed record StatementRow(
    Guid DestinationId, string DestinationName, bool Deleted, DateTimeOffset? Hour, long Received, long Delivered, long Rejected,
    long Retrying, long Held, long Dead, long Canceled,
    long Skipped, long Missing, long CountsOnly)
{
    /// <summary>Whether the numbers add up.</summary>
    public bool IsBalanced => Missing == 0 && Received == Delivered + Rejected + Retrying + Held + Dead + Canceled + Skipped;
}

/// <summary>How fast leads got through at one destination, in milliseconds since they were accepted; null where there were none.</summary>
public sealed record SpeedRow(
    Guid DestinationId, double? FirstAttemptP50, double? FirstAttemptP95, double? FirstAttemptP99, double? DeliveredP50,
    double? DeliveredP95, double? DeliveredP99);

/// <summary>The statement of a site, from the ledger and the counts of days that it has no more; and how fast its leads were.</summary>
public sealed class SiteStatement(NpgsqlDataSource database)
{
    /// <summary>By destination, Lead Manager first, and by hour if that is wanted.</summary>
    /// <param name="siteId">The site.</param>
    /// <param name="destination">Only this one.</param>
    /// <param name="from">Accepted then or later. Of days of which only counts are kept: hours that begin then or later.</param>
    /// <param name="to">Accepted before then; or hours that begin before then.</param>
    /// <param name="byHour">One row for each hour in which a lead came.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<List<StatementRow>> Read(
        Guid siteId, Guid? destination, DateTimeOffset from, DateTimeOffset to, bool byHour, CancellationToken cancellationToken)
    {
        // On the entries rather than the view by hour: a condition on the hour finds no index, one on the time of acceptance does.
        var (accepted, dropped) = byHour ? ("date_trunc('hour', accepted_at, 'UTC')", "hour") : ("null::timestamptz", "null::timestamptz");
        var sql = $"""
            select s.destination_id, x.name as destination_name, x.deleted_at is not null as deleted, s.hour,
                   {Sums("received", "delivered", "rejected", "retrying", "held", "dead", "canceled", "skipped", "missing", "counts_only")}
            from (
                select destination_id, {accepted} as hour, count(*) as received,
                       count(*) filter (where outcome = 'delivered') as delivered, count(*) filter (where outcome = 'rejected') as rejected,
                       count(*) filter (where outcome = 'retrying') as retrying, count(*) filter (where outcome = 'held') as held,
                       count(*) filter (where outcome = 'dead') as dead, count(*) filter (where outcome = 'canceled') as canceled,
                       count(*) filter (where outcome = 'skipped') as skipped, sum(missing) as missing, 0 as counts_only
                from statement_entries
                where site_id = @siteId and accepted_at >= @from and accepted_at < @to
                  and (@destination is null or destination_id = @destination)
                group by 1, 2
                union all
                select destination_id, {dropped}, sum(count) filter (where state = 'received'),
                       sum(count) filter (where state = 'delivered'), sum(count) filter (where state = 'rejected'), 0, 0,
                       sum(count) filter (where state = 'dead'), sum(count) filter (where state = 'canceled'),
                       sum(count) filter (where state = 'skipped'), sum(count) filter (where state = 'missing'),
                       sum(count) filter (where state = 'received')
                from statement_days
                where site_id = @siteId and hour >= @from and hour < @to and (@destination is null or destination_id = @destination)
                group by 1, 2
            ) s
            join destinations x on x.id = s.destination_id
            group by 1, 2, 3, 4, x.kind, x.created_at
            order by s.hour desc, x.kind <> 'lead_manager', x.created_at, s.destination_id
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<StatementRow>(new CommandDefinition(
            sql, new { siteId, destination, from = from.UtcDateTime, to = to.UtcDateTime }, cancellationToken: cancellationToken)))
                .AsList();
    }

    /// <summary>What was received in the span, by kind; of days of which only counts are kept nobody knows.</summary>
    public async Task<MessageCounts> Received(Guid siteId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        const string sql = $"""
            select {MessageCounts.Columns} from lead_events
            where site_id = @siteId and test is null and product <> '' and accepted_at >= @from and accepted_at < @to
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<MessageCounts>(new CommandDefinition(
            sql, new { siteId, from = from.UtcDateTime, to = to.UtcDateTime }, cancellationToken: cancellationToken));
    }

    /// <summary>
    /// By destination, of the deliveries accepted in the span. A replay counts as what it is: late, unless it repeats what was delivered.
    /// Of a longer span the last 30 days: that many are sorted.
    /// </summary>
    public async Task<List<SpeedRow>> Speed(Guid siteId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        const string sql = """
            select destination_id,
                   percentile_cont(0.5) within group (order by first) as first_attempt_p50,
                   percentile_cont(0.95) within group (order by first) as first_attempt_p95,
                   percentile_cont(0.99) within group (order by first) as first_attempt_p99,
                   percentile_cont(0.5) within group (order by done) as delivered_p50,
                   percentile_cont(0.95) within group (order by done) as delivered_p95,
                   percentile_cont(0.99) within group (order by done) as delivered_p99
            from (
                select destination_id, extract(epoch from coalesce(first_attempt_at, started_at) - accepted_at) * 1000 as first,
                       case when state = 'delivered'
                            then extract(epoch from coalesce(delivered_at, finished_at) - accepted_at) * 1000 end as done
                from deliveries
                where destination_id in (select id from destinations where site_id = @siteId)
                  and accepted_at >= @from and accepted_at < @to and not is_test
            ) d
            group by destination_id
            """;
        from = from > to.AddDays(-30) ? from : to.AddDays(-30);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<SpeedRow>(new CommandDefinition(
            sql, new { siteId, from = from.UtcDateTime, to = to.UtcDateTime }, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>
    /// By destination: half of what came lately was there within this time; of its newest thousand deliveries of the span. Cheap, for pages
    /// that are looked at again and again.
    /// </summary>
    public async Task<IReadOnlyDictionary<Guid, TimeSpan>> HalfWithin(
        Guid siteId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        const string sql = """
            select x.id as key, percentile_cont(0.5) within group (order by d.took) as value
            from destinations x
            cross join lateral (
                select extract(epoch from coalesce(n.delivered_at, n.finished_at) - n.accepted_at)::float8 as took from (
                    select delivered_at, finished_at, accepted_at, state from deliveries
                    where destination_id = x.id and accepted_at >= @from and not is_test
                      and event_id between first_event_id(@from - interval '1 day') and first_event_id(@to + interval '1 day')
                    order by accepted_at desc, event_id desc limit 1000) n
                where n.state = 'delivered') d
            where x.site_id = @siteId and x.deleted_at is null
            group by x.id
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<(Guid Key, double Value)>(new CommandDefinition(
            sql, new { siteId, from = from.UtcDateTime, to = to.UtcDateTime }, cancellationToken: cancellationToken)))
                .ToDictionary(row => row.Key, row => TimeSpan.FromSeconds(row.Value));
    }

    private static string Sums(params string[] columns) =>
        string.Join(", ", columns.Select(column => $"coalesce(sum(s.{column}), 0)::bigint as {column}"));
}
