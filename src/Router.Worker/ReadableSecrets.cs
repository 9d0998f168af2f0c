using Router.Core.Database;
using Router.Hosting;

namespace Router.Worker;

/// <summary>
/// A worker that can't read the destinations' secrets takes no leads: it would fail every delivery. The start of the bus waits for this.
/// </summary>
internal sealed partial class ReadableSecrets(
    SecretsCheck secrets, DatabaseAvailability availability, TimeProvider time, ILogger<ReadableSecrets> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private const int LinesApart = 15;

    /// <summary>Returns once they can be read.</summary>
    public async Task Wait(CancellationToken cancellationToken)
    {
        for (var i = 0; await availability.Wait(async token => await secrets.Problem(token), cancellationToken) is { } problem; i++)
        {
            // Once at first, then each half a minute.
            if (i % LinesApart == 0)
                LogUnreadable(logger, problem);
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "This worker takes no leads. {Problem}")]
    private static partial void LogUnreadable(ILogger logger, string problem);
}
