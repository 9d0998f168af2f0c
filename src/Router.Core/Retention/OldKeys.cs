using Dapper;
using Npgsql;
using Router.Core.Leads;

namespace Router.Core.Retention;

/// <summary>Forgets each <c>Idempotency-Key</c> once its 24 hours are over.</summary>
internal static class OldKeys
{
    private const int Most = 10_000;

    /// <summary>In steps, so that none holds locks for long.</summary>
    public static async Task Drop(NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken)
    {
        const string sql = """
            delete from idempotency_keys where ctid = any (array(select ctid from idempotency_keys where accepted_at <= @limit limit @Most))
            """;
        while (await connection.ExecuteAsync(new CommandDefinition(
            sql, new { limit = now - IdempotentRequest.Lifetime, Most }, cancellationToken: cancellationToken)) == Most)
        {
        }
    }
}
