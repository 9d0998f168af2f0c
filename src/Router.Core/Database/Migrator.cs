using System.Reflection;
using Dapper;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Router.Core.Database;

/// <summary>
/// Brings the schema up to date before the host takes work. An empty database gets the files of <c>Schema</c>, which say what the schema
/// is; one that has them gets the migrations that were added since: embedded, numbered, append-only, each run once. Each step is a
/// transaction of its own under an advisory lock: several hosts may start at once.
/// </summary>
internal sealed partial class Migrator(
    NpgsqlDataSource database, DatabaseLine line, DatabaseAvailability availability, ILogger<Migrator> logger) : IHostedService
{
    private const long Lock = 0x4c454144524f5554; // "LEADROUT"

    // What an empty database gets, as schema_migrations calls it.
    private const string Baseline = "schema";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await availability.Wait(line.Confirm, cancellationToken);
        await availability.Wait(Migrate, cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async ValueTask<int> Migrate(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var applied = await Applied(connection);
        if (applied.Count > 0 && !applied.Contains(Baseline))
        {
            throw new InvalidOperationException(
                "The database holds tables of a version that was never released. "
                + "Give the router an empty database (Database:ConnectionString).");
        }

        var migrations = Embedded("Migrations").ToList();
        var count = 0;
        // What an empty database gets has all migrations in it.
        if (applied.Count == 0)
        {
            var schema = string.Join('\n', Embedded("Schema").Select(file => file.Sql));
            var names = string.Concat(migrations.Select(
                migration => $"\ninsert into schema_migrations (name) values ('{migration.Name}') on conflict do nothing;"));
            await Apply(connection, Baseline, schema + names, cancellationToken);
            applied = await Applied(connection);
            count++;
        }

        foreach (var (name, sql) in migrations.Where(migration => !applied.Contains(migration.Name)))
        {
            await Apply(connection, name, sql, cancellationToken);
            count++;
        }

        return count;
    }

    private async Task Apply(NpgsqlConnection connection, string name, string sql, CancellationToken cancellationToken)
    {
        while (!await TryApply(connection, name, sql, cancellationToken))
            await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
    }

    private static async Task<HashSet<string>> Applied(NpgsqlConnection connection) =>
        await connection.ExecuteScalarAsync<bool>("select to_regclass('schema_migrations') is not null")
            ? (await connection.QueryAsync<string>("select name from schema_migrations")).ToHashSet(StringComparer.Ordinal)
            : [];

    /// <summary>
    /// False when a table is in use for so long (a dump, a report) that what waits behind the migration, the leads of an older host among
    /// it, would wait too long with it.
    /// </summary>
    private async Task<bool> TryApply(NpgsqlConnection connection, string name, string sql, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            // The transaction's own lock: a session's would stay behind in a pooler.
            await connection.ExecuteAsync("select pg_advisory_xact_lock(@Lock)", new { Lock }, transaction, commandTimeout: 0);
            await connection.ExecuteAsync(
                "create table if not exists schema_migrations (name text primary key, applied_at timestamptz not null default now())",
                transaction: transaction);
            // Another host may have been faster.
            if (await connection.ExecuteAsync(
                "insert into schema_migrations (name) values (@name) on conflict do nothing", new { name }, transaction) == 0)
                return true;

            await connection.ExecuteAsync("set local lock_timeout = '3s'", transaction: transaction);
            await connection.ExecuteAsync(sql, transaction: transaction, commandTimeout: 0);
            await transaction.CommitAsync(cancellationToken);
            LogApplied(logger, name);
            return true;
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            LogBusy(logger, name);
            return false;
        }
    }

    /// <summary>The files of a folder beside this one, in the order of their names.</summary>
    internal static IEnumerable<(string Name, string Sql)> Embedded(string folder)
    {
        var assembly = Assembly.GetExecutingAssembly();
        var prefix = $"Router.Core.Database.{folder}.";
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            yield return (resource[prefix.Length..], reader.ReadToEnd());
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Migration {Name} applied")]
    private static partial void LogApplied(ILogger logger, string name);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Migration {Name} waits for a table that something else reads or writes for long; trying again")]
    private static partial void LogBusy(ILogger logger, string name);
}
