using System.Globalization;
using Microsoft.Extensions.Options;
using Router.Core.Alerts;
using Router.Core.Mail;

namespace Router.Api.Accounts;

/// <summary>Mails links with which a password is chosen. The link on the operator's screen works without.</summary>
internal sealed partial class AccountMail(OutgoingMail mail, IOptions<AlertOptions> alerts, ILogger<AccountMail> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>Whether there is a mail server to send by.</summary>
    public bool IsSet => mail.IsSet;

    /// <summary>Whether the mail server has taken it; false without one. Never throws.</summary>
    public Task<bool> TryInvite(Invitation invitation, CancellationToken cancellationToken) => TrySend(
        invitation, "Your lead router account",
        "There is an account for you at the lead router, which brings the leads of a website to where they are worked on. "
            + "Choose its password here:", cancellationToken);

    /// <summary>The same for somebody who had a password before.</summary>
    public Task<bool> TryRenew(Invitation invitation, CancellationToken cancellationToken) => TrySend(
        invitation, "A new password for the lead router",
        "An operator of the lead router has made you a link with which you choose a new password. The old one stays until you use it:",
        cancellationToken);

    /// <summary>The same for somebody who asked for it, or whose address somebody else has entered.</summary>
    public Task<bool> TryReset(Invitation invitation, CancellationToken cancellationToken) => TrySend(
        invitation, "A new password for the lead router",
        "Somebody, we hope you, has asked for a new password. Choose it here. If it was not you, do nothing: your password stays as it is.",
        cancellationToken);

    /// <summary>A mail to the account itself, so that its owner sees whether alerts would arrive; why not, or null. Never throws.</summary>
    public async Task<string?> TryTest(string email, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await mail.Send(
                new MailText(email, "A test of the lead router's alerts", "This is how alerts reach you. Nothing is wrong.\n"),
                limit.Token);
            return null;
        }
        catch (OperationCanceledException)
        {
            return $"the mail server did not answer within {Patience.TotalSeconds:0} s";
        }
#pragma warning disable CA1031 // It is shown.
        catch (Exception failed)
        {
            return failed.GetType().Name;
        }
#pragma warning restore CA1031
    }

    private async Task<bool> TrySend(Invitation invitation, string subject, string text, CancellationToken cancellationToken)
    {
        if (!mail.IsSet)
            return false;

        // An operator waits for it, and has the link on screen all the same.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            var link = new Uri(alerts.Value.PagesUrl!, invitation.Path).AbsoluteUri;
            var until = invitation.ExpiresAt.UtcDateTime.ToString("d MMMM, HH:mm", CultureInfo.InvariantCulture);
            await mail.Send(
                new MailText(invitation.Email, subject, $"{text}\n\n{link}\n\nThe link works once, until {until} UTC.\n"),
                limit.Token);
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
