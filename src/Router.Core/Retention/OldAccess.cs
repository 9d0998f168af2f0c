using Dapper;
using Npgsql;

namespace Router.Core.Retention;

/// <summary>Forgets who signed in from where, after <see cref="RetentionOptions.AccessLogAfter"/>.</summary>
internal static class OldAccess
{
    private const int Most = 10_000;

    /// <summary>In steps, so that none holds locks for long.</summary>
    public static async Task Drop(NpgsqlConnection connection, DateTimeOffset limit, CancellationToken cancellationToken)
    {
        const string sql = """
            delete from access_log where ctid = any (array(select ctid from access_log where hour < @limit order by hour limit @Most))
            """;
        while (await connection.ExecuteAsync(new CommandDefinition(
            sql, new { limit, Most }, cancellationToken: cancellationToken)) == Most)
        {
        }
    }
}
