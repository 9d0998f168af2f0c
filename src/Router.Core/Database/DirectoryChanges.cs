using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Router.Core.Database;

/// <summary>
/// Listens to the triggers that announce a changed site or product, so that caches need no expiry to be right. While the
/// connection is away nothing can be heard; once it is back, everything cached is read again at its next use.
/// </summary>
public sealed partial class DirectoryChanges(NpgsqlDataSource database, ILogger<DirectoryChanges> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    // A connection that died without a word is found by this: the wait ends, and the probe behind it fails.
    private static readonly TimeSpan Probe = TimeSpan.FromSeconds(10);

    /// <summary>A site, one of its destinations or its Lead Manager changed.</summary>
    public event Action<Guid>? SiteChanged;

    /// <summary>A product, its password or the sites it may send for changed.</summary>
    public event Action<string>? ProductChanged;

    /// <summary>Announcements may have been missed.</summary>
    public event Action? EverythingChanged;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Listen(() => failures = 0, stoppingToken);
            }
            catch (Exception outage) when (DatabaseAvailability.IsOutage(outage) && !stoppingToken.IsCancellationRequested)
            {
                // An outage is one event, not a flood.
                if (failures++ % 60 == 0)
                    LogLost(logger, outage.GetType().Name);
                await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task Listen(Action listening, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, notification) => Announce(notification.Payload);
        await using var command = connection.CreateCommand();
        command.CommandText = "listen router_directory";
        await command.ExecuteNonQueryAsync(cancellationToken);
        EverythingChanged?.Invoke();
        listening();

        command.CommandText = "select 1";
        while (true)
        {
            if (!await connection.WaitAsync(Probe, cancellationToken))
                await command.ExecuteNonQueryAsync(cancellationToken);
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "No longer hearing of changed destinations ({Exception}); going on with what is known and trying again")]
    private static partial void LogLost(ILogger logger, string exception);
}
