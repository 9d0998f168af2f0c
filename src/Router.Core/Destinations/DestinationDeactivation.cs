using Dapper;
using Npgsql;

namespace Router.Core.Destinations;

/// <summary>Deactivates a destination whose receiver answered 410: it wants no more.</summary>
public sealed class DestinationDeactivation(NpgsqlDataSource database)
{
    /// <summary>
    /// Deactivates it with a reason that its owner sees. Lead Manager never; neither one whose URL was corrected since the
    /// request was made. Calling it again changes nothing.
    /// </summary>
    public async ValueTask<bool> Deactivate(Destination destination, string reason, CancellationToken cancellationToken)
    {
        const string sql = """
            update destinations set active = false, inactive_reason = @reason
            where id = @Id and active and kind <> 'lead_manager' and url = @Url
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(
            sql, new { destination.Id, Url = destination.Url!.OriginalString, reason }, cancellationToken: cancellationToken)) > 0;
    }
}
