using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Router.Core.Database;

/// <summary>
/// Brings a schema up to date: an empty database gets all of it, one that has it the migrations that were added since, each once and under
/// an advisory lock: several hosts may start at once.
/// </summary>
internal sealed partial class SchemaSteps(NpgsqlDataSource database, ILogger logger)
{
    /// <summary>Held by whoever changes the schema, or who may do what in it.</summary>
    public const long Lock = 0x4c454144524f5554; // "LEADROUT"

    // What an empty database gets, as schema_migrations calls it.
    private const string Baseline = "schema";

    private const string Remedy =
        "Run 'dotnet Router.Worker.dll migrate' once with Database:OwnerConnectionString, a role that owns the tables and may create in "
        + "their schema, or let the role of Database:ConnectionString be that.";

    // Classes of SQLSTATE that another try doesn't change: data, constraints, rights and names, what Postgres can't do, and what a
    // migration refuses itself.
    private static readonly string[] Final = ["22", "23", "2B", "0A", "3F", "42", "P0"];

    /// <summary>How many steps were taken.</summary>
    /// <param name="schema">What the schema is, for an empty database.</param>
    /// <param name="migrations">What this version knows of, in their order.</param>
    /// <param name="cancellationToken">Ends it between two steps.</param>
    /// <exception cref="InvalidOperationException">
    /// This version can't run on it, or can't bring it up to date; the text says why.
    /// </exception>
    public async Task<int> Take(string schema, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var applied = await Known(connection);
        RefuseOther(applied, migrations);

        var count = 0;
        // What an empty database gets has all migrations in it.
        if (applied.Count == 0)
        {
            var names = string.Concat(migrations.Select(migration =>
                $"\ninsert into schema_migrations (name, needs) values ('{migration.Name}', nullif('{migration.Needs}', ''));"));
            await Apply(connection, new Migration(Baseline, schema + names), cancellationToken);
            applied = await Applied(connection);
            count++;
        }

        foreach (var migration in migrations.Where(migration => !applied.ContainsKey(migration.Name)))
        {
            await Apply(connection, migration, cancellationToken);
            count++;
        }

        return count;
    }

    private void RefuseOther(Dictionary<string, string?> applied, IReadOnlyList<Migration> migrations)
    {
        if (applied.Count > 0 && !applied.ContainsKey(Baseline))
        {
            throw new InvalidOperationException(
                "The database holds tables of a version that was never released. "
                + "Give the router an empty database (Database:ConnectionString).");
        }

        var known = migrations.Select(migration => migration.Name).Append(Baseline).ToHashSet(StringComparer.Ordinal);
        var newer = applied.Where(one => !known.Contains(one.Key)).ToList();
        if (newer.Find(one => one.Value is not null && !known.Contains(one.Value)) is { Key: { } name })
        {
            throw new InvalidOperationException(
                $"The database was brought up to date by a newer version, and this one can't run on it any more (migration {name}). "
                + "Start the newer version. To go back to this one, restore a backup from before.");
        }

        if (newer.Count > 0)
            LogNewer(logger, newer.Count);
    }

    private static async Task<Dictionary<string, string?>> Known(NpgsqlConnection connection)
    {
        try
        {
            return await Applied(connection);
        }
        catch (PostgresException denied) when (denied.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new InvalidOperationException(
                $"The role of Database:ConnectionString may not use the router's tables yet. {Remedy}", denied);
        }
    }

    private static async Task<Dictionary<string, string?>> Applied(NpgsqlConnection connection) =>
        await connection.ExecuteScalarAsync<bool>("select to_regclass('schema_migrations') is not null")
            // The column came later than the table.
            ? (await connection.QueryAsync<(string Name, string? Needs)>("select name, to_jsonb(m) ->> 'needs' from schema_migrations m"))
                .ToDictionary(row => row.Name, row => row.Needs, StringComparer.Ordinal)
            : [];

    private async Task Apply(NpgsqlConnection connection, Migration migration, CancellationToken cancellationToken)
    {
        while (!await TryApply(connection, migration, cancellationToken))
            await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
    }

    /// <summary>
    /// False when a table is in use for so long (a dump, a report) that what waits behind the migration, the leads of an older host among
    /// it, would wait too long with it.
    /// </summary>
    private async Task<bool> TryApply(NpgsqlConnection connection, Migration migration, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            // The transaction's own lock: a session's would stay behind in a pooler.
            await connection.ExecuteAsync(
                "set local idle_in_transaction_session_timeout = 0; select pg_advisory_xact_lock(@Lock); set local lock_timeout = '3s'",
                new { Lock }, transaction, commandTimeout: 0);
            await connection.ExecuteAsync(
                """
                create table if not exists schema_migrations (
                    name text primary key, applied_at timestamptz not null default now(), needs text);
                alter table schema_migrations add column if not exists needs text
                """, transaction: transaction);
            // Another host may have been faster.
            if (await connection.ExecuteAsync(
                "insert into schema_migrations (name, needs) values (@Name, @Needs) on conflict do nothing",
                new { migration.Name, migration.Needs }, transaction) == 0)
                return true;

            if (migration.IsWithoutTransaction)
                await RunOneByOne(migration, cancellationToken);
            else
                await connection.ExecuteAsync(migration.Sql, transaction: transaction, commandTimeout: 0);
            await transaction.CommitAsync(cancellationToken);
            LogApplied(logger, migration.Name);
            return true;
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            LogBusy(logger, migration.Name);
            return false;
        }
        catch (PostgresException denied) when (denied.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new InvalidOperationException(
                $"{Lacking(migration)}, and its role may not bring it up to date (step {migration.Name}). "
                + Remedy, denied);
        }
        catch (PostgresException failed) when (Final.Contains(failed.SqlState[..2], StringComparer.Ordinal))
        {
            throw new InvalidOperationException(
                $"{Lacking(migration)}, and it can't be brought up to date: step {migration.Name} failed with SQLSTATE {failed.SqlState} "
                + "and changed nothing. The version before still runs on it; look at what was changed in the schema by hand.", failed);
        }
    }

    private static string Lacking(Migration migration) => migration.Name == Baseline
        ? "The database has no schema of the router yet" : "The schema of the database is older than this version";

    // While the transaction beside it holds the lock; it has read nothing that these would wait for.
    private async Task RunOneByOne(Migration migration, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        foreach (var statement in migration.Statements)
            await connection.ExecuteAsync(statement, commandTimeout: 0);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Migration {Name} applied")]
    private static partial void LogApplied(ILogger logger, string name);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Migration {Name} waits for a table that something else reads or writes for long; trying again")]
    private static partial void LogBusy(ILogger logger, string name);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "The database was brought up to date by a newer version ({Count} migrations that this one doesn't know). This version runs on it, "
        + "beside the newer one and until that one is everywhere")]
    private static partial void LogNewer(ILogger logger, int count);
}
