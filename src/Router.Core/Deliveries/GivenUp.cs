namespace Router.Core.Deliveries;

/// <summary>Ends deliveries without an attempt, because of their age.</summary>
internal static class GivenUp
{
    /// <summary>A statement that ends them. What was delivered before stays delivered.</summary>
    /// <param name="rows">A query of whole rows of <c>deliveries</c>, locked.</param>
    /// <param name="why">The error that they get, in place of the latest attempt's: that moves to <c>delivery_attempts</c>.</param>
    public static string Sql(string rows, string why) => $"""
        with old as (
            {rows}
        ), earlier as (
            insert into delivery_attempts (
                event_id, destination_id, site_id, attempt, started_at, duration_us, result, status, requests, error,
                response_headers, response_body, reason)
            select event_id, destination_id, site_id, attempt, started_at, duration_us, result, status, requests, error,
                   response_headers, response_body, reason
            from old where attempt is not null
            on conflict do nothing
        )
        update deliveries d
        set state = case when d.delivered_at is null then 'dead' else 'delivered' end,
            next_attempt_at = null, leased_until = null, finished_at = now(),
            first_attempt_at = coalesce(d.first_attempt_at, d.started_at), attempt = null, started_at = null, duration_us = null,
            result = null, status = null, requests = null, error = '{why}', response_headers = null, response_body = null,
            reason = null
        from old x where {DeliveryCancellation.Is("x")}
        """;
}
