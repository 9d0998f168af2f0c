using Dapper;
using Npgsql;
using Router.Core.Deliveries;

namespace Router.Core.Retention;

/// <summary>
/// Gives up what is unfinished for as long as rows are kept: one delivery that waits for ever would keep its whole day for ever, with
/// everybody's contents. Nothing is put into <c>lead-dead-letters</c>: there is nothing left to move back.
/// </summary>
internal static class Expired
{
    /// <summary>Ends what is from before <paramref name="limit"/>, but for what is in a worker's hands; how many.</summary>
    public static Task<int> GiveUp(NpgsqlConnection connection, DateTimeOffset limit, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
            $"""
            with expired as (
                select * from deliveries d
                where d.event_id < first_event_id(@limit) and d.state in {DeliveryCancellation.Waiting}
                  and (d.leased_until is null or d.leased_until <= now())
                for update
            ), earlier as (
                -- What the row said of its latest attempt.
                insert into delivery_attempts (
                    event_id, destination_id, site_id, attempt, started_at, duration_us, result, status, requests, error,
                    response_headers, response_body, reason)
                select event_id, destination_id, site_id, attempt, started_at, duration_us, result, status, requests, error,
                       response_headers, response_body, reason
                from expired where attempt is not null
                on conflict do nothing
            )
            update deliveries d
            set state = case when d.delivered_at is null then 'dead' else 'delivered' end,
                next_attempt_at = null, leased_until = null, finished_at = now(),
                first_attempt_at = coalesce(d.first_attempt_at, d.started_at), attempt = null, started_at = null, duration_us = null,
                result = null, status = null, requests = null, error = 'expired', response_headers = null, response_body = null,
                reason = null
            from expired x where {DeliveryCancellation.Is("x")}
            """, new { limit }, commandTimeout: 0, cancellationToken: cancellationToken));
}
