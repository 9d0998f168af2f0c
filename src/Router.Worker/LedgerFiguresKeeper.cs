using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Duties;
using Router.Core.Retention;
using Router.Hosting;

namespace Router.Worker;

/// <summary>
/// Looks what lies in Postgres, for metrics. One worker does it, and it alone reports what it found: the sum over all workers is right, and
/// so is each scrape without a question to Postgres. Should it die, another one takes over.
/// </summary>
internal sealed class LedgerFiguresKeeper(
    NpgsqlDataSource database, LedgerMetrics metrics, IOptions<RetentionOptions> retention, IOptions<TelemetryOptions> options,
    HostDuties duties, TimeProvider time)
    : PeriodicWork("Figures for metrics", options.Value.LookInterval, duties, time, atOnce: true)
{
    // A look may take so much of all the time: one that takes a second is made every twenty.
    private const int Share = 20;

    private readonly Guid _worker = Guid.NewGuid();
    private readonly TimeProvider _time = time;
    private readonly TimeSpan _lease = LedgerMetrics.LeaseOf(options.Value);
    private LedgerFigures? _latest;
    private long _lookedAt;
    private TimeSpan _took;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        metrics.Forget();
        await Try(GiveUp, cancellationToken);
    }

    protected override async Task Once(CancellationToken cancellationToken)
    {
        if (!await IsOurs(cancellationToken))
        {
            _latest = null;
            metrics.Forget();
            return;
        }

        if (_latest is null || _time.GetElapsedTime(_lookedAt) >= _took * Share)
        {
            _lookedAt = _time.GetTimestamp();
            _latest = await LedgerFigures.Read(database, retention, cancellationToken);
            _took = _time.GetElapsedTime(_lookedAt);
        }

        metrics.Set(_latest);
    }

    private async Task<bool> IsOurs(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(
            "update figure_looks set worker = @_worker, until = now() + @_lease where worker = @_worker or until < now()",
            new { _worker, _lease }, cancellationToken: cancellationToken)) > 0;
    }

    /// <summary>The next one need not wait until this one is missed.</summary>
    private async Task GiveUp(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "update figure_looks set until = '-infinity' where worker = @_worker", new { _worker }, commandTimeout: 3,
            cancellationToken: cancellationToken));
    }
}
