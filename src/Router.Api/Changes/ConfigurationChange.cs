using Npgsql;

namespace Router.Api.Changes;

/// <summary>
/// A transaction; undone unless it is committed. Its connection is given back then: what follows may need one, and whoever waits for a
/// second one while holding the first waits for ever once all of them do.
/// </summary>
internal sealed class ConfigurationChange(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
{
    public NpgsqlConnection Connection => connection;

    /// <summary>Ends it; the connection isn't there any more.</summary>
    public async Task Commit(CancellationToken cancellationToken)
    {
        await transaction.CommitAsync(cancellationToken);
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }
}
