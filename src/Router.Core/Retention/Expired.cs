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
            GivenUp.Sql(
                $"""
                select * from deliveries d
                where d.event_id < first_event_id(@limit) and d.state in {DeliveryCancellation.Waiting}
                  and (d.leased_until is null or d.leased_until <= now())
                for update
                """, "expired"),
            new { limit }, commandTimeout: 0, cancellationToken: cancellationToken));
}
