using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Router.Core.Database;

namespace Router.Hosting;

/// <summary>Whether Postgres takes a row, which is more than that it answers: a standby and a full disk answer, too.</summary>
internal sealed class DatabaseCheck(NpgsqlDataSource database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await Write(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (PostgresException refused)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, Sentence(refused.SqlState));
        }
        catch (Exception away) when (away is OperationCanceledException || DatabaseAvailability.IsOutage(away))
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "Postgres does not answer.");
        }
    }

    private async Task Write(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // Rolled back: nobody needs it.
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            insert into host_duties (host, process_id, program, started_at, duty, is_late, reported_at)
            values ('', 0, '', now(), gen_random_uuid()::text, false, now())
            """, connection, transaction);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string Sentence(string state) => state switch
    {
        PostgresErrorCodes.ReadOnlySqlTransaction =>
            "Postgres can be read but not written: it is a standby, or default_transaction_read_only is on. "
            + "Nothing can be recorded; connect to the primary.",
        PostgresErrorCodes.InsufficientPrivilege => "The role of Database:ConnectionString may not write to the router's tables.",
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName =>
            "The router's tables can't be found: a restore may be under way, or search_path leads elsewhere.",
        PostgresErrorCodes.DiskFull => "The disk of Postgres is full.",
        ['5', '3', ..] => $"Postgres is out of memory or connections ({state}).",
        ['5', '7', ..] => $"Postgres is starting or stopping ({state}).",
        _ => $"Postgres refuses to write ({state}).",
    };
}
