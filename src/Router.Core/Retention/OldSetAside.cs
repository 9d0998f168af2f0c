using Dapper;
using Npgsql;

namespace Router.Core.Retention;

/// <summary>Messages that are set aside are kept no longer than the leads in the ledger: first their contents go, then they.</summary>
internal static class OldSetAside
{
    /// <summary>How many lost their contents, which nobody decided about in time.</summary>
    public static async Task<int> Drop(
        NpgsqlConnection connection, DateTimeOffset bodies, DateTimeOffset rows, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(
            new CommandDefinition("delete from set_aside where set_aside_at < @rows", new { rows }, cancellationToken: cancellationToken));
        return await connection.ExecuteAsync(new CommandDefinition(
            "update set_aside set message = null, lead_id = null where set_aside_at < @bodies and message is not null", new { bodies },
            commandTimeout: 60, cancellationToken: cancellationToken));
    }
}
