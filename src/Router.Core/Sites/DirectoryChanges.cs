using Dapper;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Router.Core.Database;
using Router.Core.Duties;

namespace Router.Core.Sites;

/// <summary>
/// Listens to the triggers that announce a changed site or product, so that caches need no expiry to be right. While the
/// connection is away nothing can be heard; once it is back, everything cached is read again at its next use.
/// </summary>
public sealed class DirectoryChanges(NpgsqlDataSource database, DatabaseLine line, HostDuties duties) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    // A connection that died without a word, or leads to a server that is only read by now, is found by this: the wait ends, and the
    // probe behind it fails.
    private static readonly TimeSpan Probe = TimeSpan.FromSeconds(10);

    private readonly Duty _duty = duties.Add("Hearing of changed destinations and products", Probe);

    /// <summary>A site, one of its destinations or its Lead Manager changed.</summary>
    public event Action<Guid>? SiteChanged;

    /// <summary>A product, its password or the sites it may send for changed.</summary>
    public event Action<string>? ProductChanged;

    /// <summary>Deliveries that waited for an earlier one may go. Not heard behind a pooler.</summary>
    public event Action? DeliveriesDue;

    /// <summary>Announcements may have been missed.</summary>
    public event Action? EverythingChanged;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _duty.Begin();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await (line.IsPooled ? Poll(stoppingToken) : Listen(stoppingToken));
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it was: a host that no longer hears of changes would go on with the old ones for ever.
            catch (Exception failed)
            {
                _duty.Fail(failed);
                await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
#pragma warning restore CA1031
        }
    }

    private async Task Listen(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, notification) =>
        {
            if (notification.Channel == "router_due")
                DeliveriesDue?.Invoke();
            else
                Announce(notification.Payload);
        };
        await using var command = connection.CreateCommand();
        command.CommandText = "listen router_directory; listen router_due";
        await command.ExecuteNonQueryAsync(cancellationToken);
        EverythingChanged?.Invoke();
        _duty.Succeed();

        // One that was the primary may be there still, and hears of nothing any more.
        command.CommandText = PrimaryWatch.IsReadOnly;
        while (await connection.WaitAsync(Probe, cancellationToken) || !(bool)(await command.ExecuteScalarAsync(cancellationToken))!)
            _duty.Succeed();
    }

    /// <summary>Behind a pooler: whatever a transaction changed that wasn't over when we looked last.</summary>
    private async Task Poll(CancellationToken cancellationToken)
    {
        const string sql = """
            select pg_snapshot_xmin(pg_current_snapshot())::text as seen,
                   array(select distinct payload from directory_changes where xid >= @since::text::xid8) as payloads
            """;
        string? since = null;
        while (true)
        {
            await using (var connection = await database.OpenConnectionAsync(cancellationToken))
            {
                var (seen, payloads) = await connection.QuerySingleAsync<(string Seen, string[] Payloads)>(
                    new CommandDefinition(sql, new { since }, cancellationToken: cancellationToken));
                if (since is null)
                    EverythingChanged?.Invoke();
                foreach (var payload in payloads)
                    Announce(payload);
                since = seen;
            }

            _duty.Succeed();
            await Task.Delay(Pause, cancellationToken);
        }
    }

    private void Announce(string payload)
    {
        var space = payload.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0)
            return;

        var key = payload[(space + 1)..];
        if (payload.StartsWith("site ", StringComparison.Ordinal) && Guid.TryParse(key, out var site))
            SiteChanged?.Invoke(site);
        else if (payload.StartsWith("product ", StringComparison.Ordinal))
            ProductChanged?.Invoke(key);
    }
}
