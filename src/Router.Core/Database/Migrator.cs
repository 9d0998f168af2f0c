using System.Reflection;
using Dapper;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Router.Core.Database;

/// <summary>
/// Brings the schema up to date before the host takes work. Migrations are embedded, numbered, append-only; each runs
/// once, in a transaction of its own, under an advisory lock: several hosts may start at once.
/// </summary>
internal sealed partial class Migrator(NpgsqlDataSource database, DatabaseLine line, DatabaseAvailability availability, ILogger<Migrator> logger) : IHostedService
{
    private const long Lock = 0x4c454144524f5554; // "LEADROUT"

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
        var count = 0;
        foreach (var (name, sql) in Embedded().Where(migration => !applied.Contains(migration.Name)))
        {
            while (!await TryApply(connection, name, sql, cancellationToken))
                await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
            count++;
        }

        return count;
    }

    private static async Task<HashSet<string>> Applied(NpgsqlConnection connection) =>
        await connection.ExecuteScalarAsync<bool>("select to_regclass('schema_migrations') is not null")
            ? (await connection.QueryAsync<string>("select name from schema_migrations")).ToHashSet(StringComparer.Ordinal)
            : [];

    /// <summary>
    /// False when a table is in use for so long (a dump, a report) that what waits behind the migration, the leads of an older host among it,
    /// would wait too long with it.
    /// </summary>
    private async Task<bool> TryApply(NpgsqlConnection connection, string name, string sql, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            // The transaction's own lock: a session's would stay behind in a pooler.
            await connection.ExecuteAsync("select pg_advisory_xact_lock(@Lock)", new { Lock }, transaction, commandTimeout: 0);
            await connection.ExecuteAsync(
                "create table if not exists schema_migrations (name text primary key, applied_at timestamptz not null default now())", transaction: transaction);
            // Another host may have been faster.
            if (await connection.ExecuteAsync("insert into schema_migrations (name) values (@name) on conflict do nothing", new { name }, transaction) == 0)
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

    private static IEnumerable<(string Name, string Sql)> Embedded()
    {
        var assembly = Assembly.GetExecutingAssembly();
        const string prefix = "Router.Core.Database.Migrations.";
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            yield return (resource[prefix.Length..], reader.ReadToEnd());
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Migration {Name} applied")]
    private static partial void LogApplied(ILogger logger, string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Migration {Name} waits for a table that something else reads or writes for long; trying again")]
    private static partial void LogBusy(ILogger logger, string name);
}
