using Dapper;
using Npgsql;

namespace Router.Core.Database;

/// <summary>
/// A lock that is held for longer than one transaction of the work lasts: by a transaction of its own, which a pooler of connections leaves
/// alone. Gone with the process or its connection, whatever happens.
/// </summary>
internal sealed class AdvisoryLock : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;

    private AdvisoryLock(NpgsqlConnection connection) => _connection = connection;

    /// <summary>Null when somebody else has it.</summary>
    public static async Task<AdvisoryLock?> TryTake(NpgsqlDataSource database, long key, CancellationToken cancellationToken) =>
        await Take(database, "select pg_try_advisory_xact_lock(@key)", key, cancellationToken);

    /// <summary>Waits for it.</summary>
    public static async Task<AdvisoryLock> Take(NpgsqlDataSource database, long key, CancellationToken cancellationToken) =>
        (await Take(database, "select true from (select pg_advisory_xact_lock(@key)) taken", key, cancellationToken))!;

    /// <summary>Gives it back.</summary>
    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();

    private static async Task<AdvisoryLock?> Take(NpgsqlDataSource database, string sql, long key, CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            // Rolled back when the connection goes back to its pool.
            await connection.BeginTransactionAsync(cancellationToken);
            await connection.ExecuteAsync(
                new CommandDefinition("set local idle_in_transaction_session_timeout = 0", cancellationToken: cancellationToken));
            if (await connection.ExecuteScalarAsync<bool>(
                new CommandDefinition(sql, new { key }, commandTimeout: 0, cancellationToken: cancellationToken)))
                return new AdvisoryLock(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }
}
