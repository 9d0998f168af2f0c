using MailKit.Net.Smtp;
using Microsoft.Extensions.Options;
using Router.Core.Alerts;
using Router.Core.Duties;
using Router.Core.Mail;

namespace Router.Worker;

/// <summary>
/// Sends alerts: to each account one mail with all that is due for it, to the operators' webhook one request for each. Every worker does
/// it; none takes what another one is sending. What it has taken it sends to its end, also while the worker stops.
/// </summary>
internal sealed partial class AlertSender(
    DueAlerts due, OutgoingMail mail, AlertWebhook webhook, IOptions<AlertOptions> options, HostDuties duties, TimeProvider time,
    ILogger<AlertSender> logger)
    : PeriodicWork("Sending of alerts", options.Value.Interval / 6, duties, time)
{
    // The next round comes soon; mails wait meanwhile.
    private const int MostPosted = 20;

    private readonly TimeProvider _time = time;
    private readonly ILogger _log = logger;

    protected override async Task Once(CancellationToken cancellationToken)
    {
        await due.DropStale(cancellationToken);
        Exception? failed = null;
        if (mail.IsSet)
        {
            foreach (var reader in await due.Readers(cancellationToken))
                failed = await Send(reader, cancellationToken) ?? failed;
        }

        for (var posted = 0; webhook.IsSet && posted < MostPosted && await due.TakeForWebhook(cancellationToken) is { } alert; posted++)
        {
            if (await Post(alert) is not { } why)
                continue;

            failed = why;
            // Where nobody answers, the others would meet the same.
            if (why is not HttpRequestException { StatusCode: not null })
                break;
        }

        // So that it shows as a duty that fails, after everybody had a turn.
        if (failed is not null)
            throw new AlertsNotSentException(failed);
    }

    private async Task<Exception?> Send(AlertReader reader, CancellationToken cancellationToken)
    {
        var alerts = await due.Take(reader, cancellationToken);
        if (alerts.Count == 0)
            return null;

        try
        {
            await mail.Send(AlertText.Mail(reader, alerts, options.Value.PagesUrl!, _time.GetUtcNow()), CancellationToken.None);
        }
#pragma warning disable CA1031 // Whatever the mail server says, this reader's alerts come again, and the others' go on.
        catch (Exception failed)
        {
            await due.Failed(Name(failed), alerts);
            return failed;
        }
#pragma warning restore CA1031

        await due.Sent(alerts);
        LogSent(_log, alerts.Count, reader.Id);
        return null;
    }

    private async Task<Exception?> Post(Alert alert)
    {
        try
        {
            await webhook.Post(alert, CancellationToken.None);
        }
        catch (Exception failed) when (failed is HttpRequestException or TaskCanceledException)
        {
            await due.Failed(Name(failed), alert);
            return failed;
        }

        await due.Sent(alert);
        return null;
    }

    private static string Name(Exception failed) => failed switch
    {
        SmtpCommandException command => $"{nameof(SmtpCommandException)} {(int)command.StatusCode}",
        HttpRequestException { StatusCode: { } status } => $"{nameof(HttpRequestException)} {(int)status}",
        _ => failed.GetType().Name,
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "Sent {Count} alerts in a mail to account {AccountId}")]
    private static partial void LogSent(ILogger logger, int count, Guid accountId);

    /// <summary>Mail servers quote addresses in what they say: only the kind of the failure is told.</summary>
    private sealed class AlertsNotSentException(Exception why) : Exception(Name(why));
}
