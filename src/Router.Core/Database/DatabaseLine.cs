using Microsoft.Extensions.Logging;
using Npgsql;

namespace Router.Core.Database;

/// <summary>
/// Whether there is a pooler of connections (PgBouncer and its like) between us and Postgres: then the next transaction may run in another
/// session, so nothing that lives in a session is used. No statements that stay prepared, no settings of our own, no <c>listen</c>.
/// </summary>
public sealed partial class DatabaseLine
{
    private readonly string _connectionString;
    private bool _isKnown;

    internal DatabaseLine(NpgsqlConnectionStringBuilder connection, ILogger<DatabaseLine> logger)
    {
        _connectionString = new NpgsqlConnectionStringBuilder(
            connection.ConnectionString) { Pooling = false, Timeout = 5, CommandTimeout = 5 }.ConnectionString;
        try
        {
            using var database = Database();
            using var look = database.OpenConnection();
            using var command = new NpgsqlCommand(Question, look);
            IsPooled = (int)command.ExecuteScalar()! != look.ProcessID;
            _isKnown = true;
        }
        catch (Exception away) when (DatabaseAvailability.IsOutage(away))
        {
            // Migrator, which waits for it, asks again.
        }

        if (IsPooled)
            LogPooled(logger);
    }

    // A pooler hands out keys of its own with which its clients cancel their statements.
    private const string Question = "select pg_backend_pid()";

    /// <summary>Whether there is one.</summary>
    public bool IsPooled { get; }

    /// <summary>Asks now, if Postgres was away when this host began.</summary>
    /// <exception cref="InvalidOperationException">
    /// There is a pooler, and this host has set its connections up as if there were none.
    /// </exception>
    internal async ValueTask<bool> Confirm(CancellationToken cancellationToken)
    {
        if (_isKnown)
            return true;

        await using var database = Database();
        await using var look = await database.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Question, look);
        if ((int)(await command.ExecuteScalarAsync(cancellationToken))! != look.ProcessID)
            throw new InvalidOperationException(
                "There is a pooler of connections before Postgres, which could not be known while Postgres was away: "
                + "start this host again.");
        return _isKnown = true;
    }

    // Without a name metrics would call it by its connection string.
    private NpgsqlDataSource Database() => new NpgsqlDataSourceBuilder(_connectionString) { Name = "router-look" }.Build();

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "There is a pooler of connections before Postgres: statements aren't prepared, "
        + "and changes of destinations are looked for twice a second. A direct connection costs less")]
    private static partial void LogPooled(ILogger logger);
}
