using Router.Core.Mail;

namespace Router.Api.Accounts;

/// <summary>
/// Tells an account by mail what became of its ways to sign in, so that its owner hears of it if it was somebody else. Without a mail
/// server the audit log alone says it.
/// </summary>
internal sealed partial class AccountNotices(OutgoingMail mail, ILogger<AccountNotices> logger)
{
    private const string IfNot = "If it was not you, tell an operator of the lead router at once.";

    /// <param name="email">Whose.</param>
    /// <param name="what">Which factor, with its article.</param>
    public void IsSetUp(string email, string what) =>
        Tell(email, "A second factor was set up", $"Your account has {what} as a second factor now. {IfNot}");

    public void IsRemoved(string email, string what) =>
        Tell(email, "A second factor was removed", $"Your account no longer has {what}. {IfNot}");

    public void AreRemovedByAnOperator(string email) => Tell(
        email, "Your second factors were removed",
        "An operator has removed all second factors of your account. Set up new ones under Your account, Second factor. "
            + "If you have not asked for it, tell an operator of the lead router at once.");

    public void HasNewCodes(string email) => Tell(
        email, "New recovery codes", $"New recovery codes were made for your account. The old ones no longer work. {IfNot}");

    public void CodeIsUsed(string email, int left) => Tell(
        email, "A recovery code was used",
        $"A recovery code of your account was used to sign in. {(left == 1 ? "1 is" : $"{left} are")} left. If it was not you, somebody "
            + "knows your password and has your codes: change the password, and make new codes under Your account, Second factor.");

    public void IsConnected(string email) => Tell(
        email, "Your account was connected with another one",
        "Whoever has that account at the sign-in provider can sign in as you now. If it was not you, disconnect it under Your account, "
            + "Settings, change your password, and tell an operator of the lead router.");

    public void IsDisconnected(string email) => Tell(
        email, "Your account is no longer connected", $"It can't sign in at the provider any more. {IfNot}");

    // Returns at once: nobody waits for a mail server to sign in.
    private void Tell(string email, string what, string text)
    {
        if (mail.IsSet)
            _ = Send(new MailText(email, $"{what}: your lead router account", $"{text}\n"));
    }

    private async Task Send(MailText text)
    {
        try
        {
            await mail.Send(text, CancellationToken.None);
        }
#pragma warning disable CA1031 // Nobody waits for it.
        catch (Exception failed)
        {
            LogNotSent(logger, failed.GetType().Name);
        }
#pragma warning restore CA1031
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A mail about a change of an account could not be sent ({Exception})")]
    private static partial void LogNotSent(ILogger logger, string exception);
}
