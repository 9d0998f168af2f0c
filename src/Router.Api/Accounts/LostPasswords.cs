using Dapper;
using Router.Api.Changes;
using Router.Core.Sites;

namespace Router.Api.Accounts;

/// <summary>
/// Mails a link to whoever has lost a password. What a stranger hears doesn't depend on whether there is such an account.
/// </summary>
internal sealed partial class LostPasswords(
    ConfigurationChanges changes, AccountMail mail, TimeProvider time, ILogger<LostPasswords> logger)
{
    /// <summary>How long a link works that somebody asked for themselves.</summary>
    public static readonly TimeSpan LinkLasts = TimeSpan.FromHours(1);

    /// <summary>Whether links can be mailed at all.</summary>
    public bool CanMail => mail.IsSet;

    /// <summary>Begins, and returns at once: how long it takes would tell whether the account exists.</summary>
    public void Begin(string email) => _ = Send(email.Trim());

    private async Task Send(string email)
    {
        try
        {
            if (await Link(email) is { } link)
                await mail.TryReset(link, CancellationToken.None);
        }
#pragma warning disable CA1031 // Nobody waits for it.
        catch (Exception failed)
        {
            LogFailed(logger, failed.GetType().Name);
        }
#pragma warning restore CA1031
    }

    /// <summary>
    /// A link for an account that can be signed in to, or is invited; one each five minutes, so that nobody's mailbox is filled.
    /// </summary>
    private async Task<Invitation?> Link(string email)
    {
        var token = Credential.Generate();
        var now = time.GetUtcNow();
        var expiresAt = now + LinkLasts;
        await using var change = await changes.Begin($"{email} (lost password)", CancellationToken.None);
        var account = await change.Connection.QuerySingleOrDefaultAsync<(Guid Id, string Email)?>(
            """
            with made as (
                insert into invitations as i (account_id, token_sha256, expires_at, mailed_at)
                select id, @Hash, @expiresAt, @now from accounts where email = lower(@email) and disabled_at is null
                on conflict (account_id) do update
                set token_sha256 = excluded.token_sha256, expires_at = excluded.expires_at, mailed_at = excluded.mailed_at
                where i.mailed_at is null or i.mailed_at < @now - interval '5 minutes'
                returning account_id)
            select a.id, a.email from accounts a join made m on m.account_id = a.id
            """, new { Hash = Credential.Hash(token), expiresAt, now, email });
        await change.Commit(CancellationToken.None);
        return account is { } found ? new Invitation(found.Id, found.Email, $"/invitation/{token}", expiresAt) : null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A link for a lost password could not be made ({Exception})")]
    private static partial void LogFailed(ILogger logger, string exception);
}
