using Dapper;
using Npgsql;

namespace Router.Core.Destinations;

/// <summary>Deactivates a destination whose receiver answered 410: it wants no more.</summary>
public sealed class DestinationDeactivation(NpgsqlDataSource database)
{
    /// <summary>Deactivates it with a reason that its owner sees. Lead Manager never; calling it again changes nothing.</summary>
    public async ValueTask<bool> Deactivate(Guid destinationId, string reason, CancellationToken cancellationToken)
    {
        const string sql = """
            update destinations set active = false, inactive_reason = @reason
            where id = @destinationId and active and kind <> 'lead_manager'
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(sql, new { destinationId, reason }, cancellationToken: cancellationToken)) > 0;
    }
}
