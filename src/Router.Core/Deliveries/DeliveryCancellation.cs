using Dapper;
using Npgsql;

namespace Router.Core.Deliveries;

/// <summary>Ends a delivery whose destination is no longer active, without an attempt.</summary>
public sealed class DeliveryCancellation(NpgsqlDataSource database)
{
    /// <summary>Sets it to canceled unless it is finished already.</summary>
    public async ValueTask<int> Cancel(Guid eventId, Guid destinationId, CancellationToken cancellationToken)
    {
        const string sql = """
            update deliveries
            set state = 'canceled', next_attempt_at = null, leased_until = null, finished_at = now()
            where event_id = @eventId and destination_id = @destinationId and state in ('pending', 'retrying', 'held')
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(sql, new { eventId, destinationId }, cancellationToken: cancellationToken));
    }
}
