using Dapper;
using Npgsql;

namespace Router.Core.Deliveries;

/// <summary>Ends deliveries whose destination is no longer active, without an attempt.</summary>
public sealed class DeliveryCancellation(NpgsqlDataSource database)
{
    /// <summary>Cancels deliveries; whoever uses it says which, by <c>d</c>. A replay of what was delivered before goes back to being that.</summary>
    internal const string Cancel = """
        update deliveries d
        set state = case when d.delivered_at is null then 'canceled' else 'delivered' end, next_attempt_at = null, leased_until = null, finished_at = now()
        """;

    /// <summary>Sets one to canceled unless it is finished already.</summary>
    public async ValueTask<int> One(Guid eventId, Guid destinationId, CancellationToken cancellationToken)
    {
        const string sql = $"{Cancel} where event_id = @eventId and destination_id = @destinationId and state in ('pending', 'retrying', 'held')";
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(sql, new { eventId, destinationId }, cancellationToken: cancellationToken));
    }

    /// <summary>
    /// Cancels all that waits for a destination, in the transaction that deactivates it, before it does; how many. First attempts that are
    /// under way are left to finish, and so is any request: should it get through, that counts.
    /// </summary>
    public static async Task<int> All(NpgsqlConnection connection, Guid destinationId, CancellationToken cancellationToken)
    {
        const string sql = $"{Cancel} where destination_id = @destinationId and state in ('retrying', 'held')";
        return await connection.ExecuteAsync(new CommandDefinition(sql, new { destinationId }, commandTimeout: 60, cancellationToken: cancellationToken));
    }
}
