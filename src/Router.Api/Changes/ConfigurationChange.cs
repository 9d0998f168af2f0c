using Npgsql;

namespace Router.Api.Changes;

/// <summary>A transaction; undone unless it is committed.</summary>
internal sealed class ConfigurationChange(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
{
    public NpgsqlConnection Connection => connection;

    public Task Commit(CancellationToken cancellationToken) => transaction.CommitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }
}
