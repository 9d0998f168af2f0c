using System.Globalization;
using Microsoft.Extensions.Options;
using Router.Core.Alerts;
using Router.Core.Mail;

namespace Router.Api.Accounts;

/// <summary>Mails links with which a password is chosen. The link on the operator's screen works without.</summary>
internal sealed partial class AccountMail(OutgoingMail mail, IOptions<AlertOptions> alerts, ILogger<AccountMail> logger)
{
    /// <summary>Whether there is a mail server to send by.</summary>
    public bool IsSet => mail.IsSet;

    /// <summary>Whether the mail server has taken it; false without one. Never throws.</summary>
    public Task<bool> TryInvite(Invitation invitation, CancellationToken cancellationToken) => TrySend(
        invitation, "Your account of the lead router",
        "There is an account for you at the lead router, which brings the leads of a website to where they are worked on. "
            + "Choose its password here:", cancellationToken);

    /// <summary>Whether the mail server has taken it; false without one. Never throws.</summary>
    public Task<bool> TryReset(Invitation invitation, CancellationToken cancellationToken) => TrySend(
        invitation, "A new password for the lead router",
        "Somebody, we hope you, has asked for a new password. Choose it here. If it was not you, do nothing: your password stays as it is.",
        cancellationToken);

    private async Task<bool> TrySend(Invitation invitation, string subject, string text, CancellationToken cancellationToken)
    {
        if (!mail.IsSet)
            return false;

        try
        {
            var link = new Uri(alerts.Value.PagesUrl!, invitation.Path).AbsoluteUri;
            var until = invitation.ExpiresAt.UtcDateTime.ToString("d MMMM, HH:mm", CultureInfo.InvariantCulture);
            await mail.Send(
                new MailText(invitation.Email, subject, $"{text}\n\n{link}\n\nThe link works once, until {until} UTC.\n"),
                cancellationToken);
            return true;
        }
#pragma warning disable CA1031 // Whatever the mail server says: the link is made, and the operator has it on screen.
        catch (Exception failed)
        {
            LogNotSent(logger, failed.GetType().Name, invitation.AccountId);
            return false;
        }
#pragma warning restore CA1031
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The link for account {AccountId} could not be mailed ({Exception})")]
    private static partial void LogNotSent(ILogger logger, string exception, Guid accountId);
}
