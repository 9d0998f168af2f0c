using MailKit.Net.Smtp;
using Microsoft.Extensions.Options;
using Router.Core.Alerts;
using Router.Core.Duties;
using Router.Core.Mail;

namespace Router.Worker;

/// <summary>
/// Sends alerts: to each account one mail with all that is due for it, to the operators' webhook one request for each. Every worker does
/// it; none takes what another one is sending.
/// </summary>
internal sealed partial class AlertSender(
    DueAlerts due, OutgoingMail mail, AlertWebhook webhook, IOptions<AlertOptions> options, HostDuties duties, TimeProvider time,
    ILogger<AlertSender> logger)
    : PeriodicWork("Sending of alerts", options.Value.Interval / 6, duties, time)
{
    private readonly TimeProvider _time = time;
    private readonly ILogger _log = logger;

    protected override async Task Once(CancellationToken cancellationToken)
    {
        Exception? failed = null;
        if (webhook.IsSet)
            failed = await PostAll(cancellationToken);
        if (mail.IsSet)
        {
            foreach (var reader in await due.Readers(cancellationToken))
                failed = await Send(reader, cancellationToken) ?? failed;
        }

        // So that it shows as a duty that fails, after everybody had a turn.
        if (failed is not null)
            throw new AlertsNotSentException(failed);
    }

    private async Task<Exception?> Send(AlertReader reader, CancellationToken cancellationToken)
    {
        var alerts = await due.Take(reader.Id, cancellationToken);
        if (alerts.Count == 0)
            return null;

        try
        {
            await mail.Send(AlertText.Mail(reader, alerts, options.Value.PagesUrl!, _time.GetUtcNow()), cancellationToken);
        }
        catch (Exception failed) when (failed is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            await due.Failed(alerts, Name(failed), cancellationToken);
            return failed;
        }

        await due.Sent(alerts, cancellationToken);
        LogSent(_log, alerts.Count, reader.Id);
        return null;
    }

    private async Task<Exception?> PostAll(CancellationToken cancellationToken)
    {
        var alerts = await due.Take(account: null, cancellationToken);
        for (var i = 0; i < alerts.Count; i++)
        {
            try
            {
                await webhook.Post(alerts[i], cancellationToken);
            }
            catch (Exception failed) when (
                failed is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // The others would meet the same.
                await due.Failed([.. alerts.Skip(i)], Name(failed), cancellationToken);
                return failed;
            }

            await due.Sent([alerts[i]], cancellationToken);
        }

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
