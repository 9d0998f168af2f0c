namespace Router.Core.Deliveries;

/// <summary>Attempts in the ledger: the latest of a delivery is in its own row.</summary>
internal static class AttemptHistory
{
    /// <summary>
    /// How many are read at once. Each may have an answer of 16 KiB, and there is no end to them: a delivery can be replayed again and
    /// again.
    /// </summary>
    public const int Most = 50;

    /// <summary>
    /// The latest ones of a site's delivery that have a smaller number than <c>@before</c>, oldest first. Those that share the first number
    /// are all there, so that whoever goes on before that number misses none.
    /// </summary>
    public static readonly string Latest = $"""
        select a.attempt, a.started_at, a.duration_us, a.result, a.status::int, a.error,
               case when @contents then a.response_body end as response_body,
               coalesce(octet_length(a.response_body), 0) as response_size,
               case when @contents then a.response_headers end as response_headers, a.requests,
               case when @contents then a.reason end as reason
        from lead_events e cross join lateral (
            select {Columns} from deliveries d
            where d.destination_id = @destinationId and d.accepted_at = e.accepted_at and d.event_id = @eventId and d.attempt < @before
            union all
            -- By the key's own index, backwards.
            (select {Columns} from delivery_attempts
             where event_id = @eventId and destination_id = @destinationId and attempt < @before
             order by attempt desc fetch first {Most} rows with ties)
            order by attempt desc fetch first {Most} rows with ties) a
        where e.id = @eventId and e.site_id = @siteId
        order by a.attempt, a.started_at
        """;

    /// <summary>How many have a smaller number than <c>@first</c>.</summary>
    public static readonly string Earlier = $"""
        select count(*)::int from lead_events e cross join lateral ({Of("@destinationId")}) a
        where e.id = @eventId and a.attempt < @first
        """;

    private const string Columns =
        "attempt, started_at, duration_us, result, status, requests, error, response_headers, response_body, reason";

    /// <summary>All attempts of one delivery. With the event as <c>e</c>.</summary>
    /// <param name="destination">The destination's id, as SQL.</param>
    public static string Of(string destination) => $"""
        select {Columns} from deliveries d
        where d.destination_id = {destination} and d.accepted_at = e.accepted_at and d.event_id = e.id and d.attempt is not null
        union all
        select {Columns} from delivery_attempts where event_id = e.id and destination_id = {destination}
        """;
}
