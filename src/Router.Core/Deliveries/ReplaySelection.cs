namespace Router.Core.Deliveries;

/// <summary>Which deliveries a replay sends, as conditions of its statements: the same for counting them as for sending them.</summary>
internal static class ReplaySelection
{
    /// <summary>All that a replay of finished deliveries sends.</summary>
    public static string Candidates(DeliveryFilter filter) => $"""
        from deliveries d join lead_events e on e.id = d.event_id join destinations x on x.id = d.destination_id
        where x.active and {filter.Destinations} and {IsCandidate(filter)}
        """;

    /// <summary>
    /// Whether it can be sent again. What a later change of the same user has replaced would bring the old data back.
    /// </summary>
    public static string IsCandidate(DeliveryFilter filter) => $"""
        {IsFinished(filter)} and e.body is not null
        and not (e.action = 'user_updated' and d.state = 'canceled' and exists (
            select from lead_events n
            where n.site_id = e.site_id and n.lead_id = e.lead_id and n.action = e.action and n.accepted_at > e.accepted_at
              and d.destination_id = any (n.destinations)))
        """;

    /// <summary>Whether the replay is about it, sent or left out.</summary>
    public static string IsFinished(DeliveryFilter filter) => $"""
        d.state in ('dead', 'delivered', 'rejected', 'canceled') and not d.is_test and e.action not like 'integration_%' and {filter.Where}
        """;

    /// <summary>
    /// What a destination has a row for and yet didn't get: canceled when it was switched off, given up, or the one that it answered 410
    /// to. What it refused as such (406) it doesn't want, and what it once had it has.
    /// </summary>
    public static string Ungotten(DeliveryFilter filter) => $"""
        from deliveries d join lead_events e on e.id = d.event_id join destinations x on x.id = d.destination_id
        where x.active and {filter.Destinations} and {IsCandidate(filter)} and d.delivered_at is null
          and (d.state in ('dead', 'canceled') or d.state = 'rejected' and d.status = 410)
        """;

    /// <summary>What a destination has no row for, as it was off.</summary>
    public static string MissedEvents(DeliveryFilter filter) => $"""
        from lead_events e join destinations x on x.id = @Destination and x.site_id = e.site_id and x.active
        where e.site_id = @siteId and e.test is null and e.product <> '' and e.body is not null and e.accepted_at >= @From
          and (x.actions is null or e.action = any (x.actions))
          and (e.left_out is null or not x.id = any (e.left_out))
          {(filter.To is null ? "" : "and e.accepted_at < @To")}
          and not exists (select from deliveries d where d.destination_id = x.id and d.accepted_at = e.accepted_at and d.event_id = e.id)
          and not awaits_first_outcome(e.destinations, x.id, e.planned_at)
        """;
}
