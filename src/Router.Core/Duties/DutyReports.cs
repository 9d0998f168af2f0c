using Dapper;
using Microsoft.Extensions.Hosting;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;

namespace Router.Core.Duties;

/// <summary>What a host last said of one of its duties.</summary>
/// <param name="Host">The machine.</param>
/// <param name="ProcessId">The process there.</param>
/// <param name="Program">Router.Api or Router.Worker.</param>
/// <param name="StartedAt">When the process began.</param>
/// <param name="Duty">The duty's name.</param>
/// <param name="LastSuccessAt">When it last succeeded; null if never.</param>
/// <param name="LastError">What went wrong last, without contents; null while all is well.</param>
/// <param name="IsLate">Whether it hasn't succeeded for ten of its intervals.</param>
/// <param name="ReportedAt">When the host said so.</param>
/// <param name="IsSilent">Whether the host hasn't said anything for a minute: it died, or it can't reach Postgres.</param>
public sealed record DutyReport(
    string Host, int ProcessId, string Program, DateTimeOffset StartedAt, string Duty, DateTimeOffset? LastSuccessAt, string? LastError,
    bool IsLate,
    DateTimeOffset ReportedAt, bool IsSilent);

/// <summary>Writes down every ten seconds how this host's duties go, for the operator's page, whichever host shows it.</summary>
public sealed class DutyReports(NpgsqlDataSource database, HostDuties duties, IHostEnvironment environment, TimeProvider time)
    : PeriodicWork("Report of duties", TimeSpan.FromSeconds(10), duties, time, atOnce: true)
{
    private readonly HostDuties _all = duties;
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();

    /// <summary>Of all hosts; of those that went silent for an hour.</summary>
    public async Task<IReadOnlyList<DutyReport>> List(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<DutyReport>(new CommandDefinition(
            """
            select host, process_id, program, started_at, duty, last_success_at, last_error, is_late, reported_at,
                   reported_at < now() - interval '1 minute' as is_silent
            from host_duties where reported_at > now() - interval '1 hour'
            order by program, host, process_id, duty
            """, cancellationToken: cancellationToken))).AsList();
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // Who says good-bye isn't missed.
        await Try(Forget, cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task Once(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // Of the same program on this machine, what was last said before this process began is of its predecessor.
        await connection.ExecuteAsync(new CommandDefinition(
            """
            delete from host_duties
            where reported_at < now() - interval '1 hour'
               or host = @MachineName and program = @ApplicationName and process_id <> @ProcessId
                  and reported_at < least(@StartedAt, now() - interval '30 seconds')
            """, new { Environment.MachineName, environment.ApplicationName, Environment.ProcessId, StartedAt = _startedAt },
            cancellationToken: cancellationToken));
        await Write(connection, [.. _all.All], cancellationToken);
    }

    private async Task Write(NpgsqlConnection connection, List<Duty> all, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            insert into host_duties (host, process_id, program, started_at, duty, last_success_at, last_error, is_late, reported_at)
            select $1, $2, $3, $4, d.*, now() from unnest($5, $6, $7, $8) as d (duty, last_success_at, last_error, is_late)
            on conflict (host, process_id, duty) do update
            set program = excluded.program, started_at = excluded.started_at, last_success_at = excluded.last_success_at,
                last_error = excluded.last_error, is_late = excluded.is_late, reported_at = excluded.reported_at
            """, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Environment.MachineName });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Environment.ProcessId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = environment.ApplicationName });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = _startedAt.UtcDateTime });
        command.Add(NpgsqlDbType.Text, all, duty => duty.Name);
        command.Add(NpgsqlDbType.TimestampTz, all, duty => duty.SucceededAt?.UtcDateTime);
        command.Add(NpgsqlDbType.Text, all, duty => duty.LastError);
        command.Add(NpgsqlDbType.Boolean, all, duty => duty.IsLate);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task Forget(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from host_duties where host = @MachineName and process_id = @ProcessId",
            new { Environment.MachineName, Environment.ProcessId },
            commandTimeout: 3, cancellationToken: cancellationToken));
    }
}
