using Dapper;
using Npgsql;

namespace Router.Core.Deliveries;

/// <summary>
/// A user's data and a destination's switch are told as a whole each time: what an earlier message said is in the later one, so an earlier
/// one that still waits is canceled. One that is under way is waited for, and canceled if it fails.
/// </summary>
internal static class Superseded
{
    /// <summary>
    /// Cancels what a later delivery supersedes and nobody is sending now. What somebody has locked is left to the next time.
    /// </summary>
    public static Task<int> Cancel(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var sql = $"""
            with superseded as (
                select d.destination_id, d.accepted_at, d.event_id
                from delivery_waits w
                join lead_events e on e.id = w.waits_for and e.action in ('user_updated', 'integration_enabled', 'integration_disabled')
                join deliveries d on d.destination_id = w.destination_id and d.accepted_at = e.accepted_at and d.event_id = e.id
                where w.supersedes and d.state in {DeliveryCancellation.Waiting} and (d.leased_until is null or d.leased_until <= now())
                for update of d skip locked
            )
            {DeliveryCancellation.Cancel} from superseded s where {DeliveryCancellation.Is("s")}
            """;
        return connection.ExecuteAsync(new CommandDefinition(sql, cancellationToken: cancellationToken));
    }
}
