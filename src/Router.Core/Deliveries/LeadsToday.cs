using Dapper;
using Npgsql;

namespace Router.Core.Deliveries;

/// <summary>How a site's day goes: its new leads, without updates, activities and tests.</summary>
/// <param name="Count">How many came since the day began.</param>
/// <param name="Usual">
/// How many came on the same day of the last four weeks until the same time, on average; null for a site that is younger than a week.
/// </param>
/// <param name="Arrived">
/// Of them, of the newest 10,000: delivered to every destination, but for those that were switched off meanwhile.
/// </param>
/// <param name="Waiting">On their way to one, or on hold.</param>
/// <param name="Lost">Refused by one, or failed for good there, and waiting for none.</param>
/// <param name="HalfWithin">Half of those that arrived were everywhere within this time; null where none has arrived.</param>
public sealed record DayOfLeads(int Count, double? Usual, int Arrived, int Waiting, int Lost, TimeSpan? HalfWithin);

/// <summary>What the first page of a site says of today.</summary>
public sealed class LeadsToday(NpgsqlDataSource database, TimeProvider time)
{
    private const int Most = 10_000;
    private const int Weeks = 4;

    /// <param name="siteId">The site.</param>
    /// <param name="zone">Where the day begins at midnight.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<DayOfLeads> Of(Guid siteId, TimeZoneInfo zone, CancellationToken cancellationToken)
    {
        var now = TimeZoneInfo.ConvertTime(time.GetUtcNow(), zone);
        var from = Utc(now.Date, zone);
        var weeks = Enumerable.Range(1, Weeks).Select(week => -7 * week).ToList();
        const string sql = """
            with today as materialized (
                select id, accepted_at, destinations from lead_events
                where site_id = @siteId and action = 'created' and test is null and product <> '' and accepted_at >= @from
                  -- An id that is made from an Idempotency-Key begins with its day only.
                  and id between first_event_id(@from - interval '1 day') and first_event_id(@now + interval '1 day')
                order by accepted_at desc limit @Most
            ), fates as (
                select coalesce(bool_or(d.state in ('rejected', 'dead')), false) as lost,
                       coalesce(bool_or(d.state in ('retrying', 'held')), false) or count(d.state) < cardinality(t.destinations) as waiting,
                       max(coalesce(d.delivered_at, d.finished_at)) - t.accepted_at as took
                from today t
                left join deliveries d on d.destination_id = any (t.destinations) and d.accepted_at = t.accepted_at and d.event_id = t.id
                      and d.event_id between first_event_id(@from - interval '1 day') and first_event_id(@now + interval '1 day')
                group by t.id, t.accepted_at, t.destinations
            ), weeks as (
                select (select count(*) from lead_events
                        where site_id = @siteId and action = 'created' and test is null and product <> ''
                          and accepted_at >= w.since and accepted_at < w.until
                          and id between first_event_id(w.since - interval '1 day') and first_event_id(w.until + interval '1 day')) as leads
                from unnest(@since, @until) as w (since, until)
                where w.since >= (select created_at from sites where id = @siteId)
            )
            select (select count(*)::int from lead_events
                    where site_id = @siteId and action = 'created' and test is null and product <> '' and accepted_at >= @from
                      and id between first_event_id(@from - interval '1 day') and first_event_id(@now + interval '1 day')) as count,
                   (select avg(leads)::float8 from weeks) as usual,
                   count(*) filter (where not waiting and not lost)::int as arrived, count(*) filter (where waiting)::int as waiting,
                   count(*) filter (where lost and not waiting)::int as lost,
                   make_interval(secs => percentile_cont(0.5) within group (order by extract(epoch from took)::float8)
                       filter (where not waiting and not lost)) as half_within
            from fates
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<DayOfLeads>(new CommandDefinition(
            sql, new
            {
                siteId, from, now = now.UtcDateTime, Most,
                since = weeks.ConvertAll(days => Utc(now.Date.AddDays(days), zone)),
                until = weeks.ConvertAll(days => Utc(now.DateTime.AddDays(days), zone)),
            }, cancellationToken: cancellationToken));
    }

    /// <summary>
    /// An hour that the clock leaves out in spring is the one after it; of one that comes twice in autumn it is the first.
    /// </summary>
    private static DateTime Utc(DateTime local, TimeZoneInfo zone)
    {
        local = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        return zone.IsAmbiguousTime(local) ? new DateTimeOffset(local, zone.GetAmbiguousTimeOffsets(local).Max()).UtcDateTime
            : TimeZoneInfo.ConvertTimeToUtc(zone.IsInvalidTime(local) ? local.AddHours(1) : local, zone);
    }
}
