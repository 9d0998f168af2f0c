using Dapper;
using Microsoft.Extensions.Options;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Core.Sites;
using Router.Hosting.ApiSettings;

namespace Router.Api.Accounts;

/// <summary>
/// Mails a link to whoever has lost a password. What a stranger hears doesn't depend on whether there is such an account.
/// </summary>
internal sealed partial class LostPasswords(
    ConfigurationChanges changes, AccountMail mail, IOptions<ProviderOptions> provider, TimeProvider time, ILogger<LostPasswords> logger)
{
    /// <summary>How long a link works that somebody asked for themselves.</summary>
    public static readonly TimeSpan LinkLasts = TimeSpan.FromHours(1);

    private static readonly TimeSpan BetweenLinks = TimeSpan.FromMinutes(15);

    /// <summary>Whether links can be mailed at all.</summary>
    public bool CanMail => mail.IsSet && provider.Value.RolesWithPassword.Length > 0;

    /// <summary>Begins, and returns at once: how long it takes would tell whether the account exists.</summary>
    public void Begin(string email) => _ = Send(email.Trim());

    private async Task Send(string email)
    {
        try
        {
            // Whom it could not be sent to may ask again at once.
            if (await Link(email) is { } link && !await mail.TryReset(link, CancellationToken.None))
                await Forget(link.AccountId);
        }
#pragma warning disable CA1031 // Nobody waits for it.
        catch (Exception failed)
        {
            LogFailed(logger, failed.GetType().Name);
        }
#pragma warning restore CA1031
    }

    /// <summary>
    /// A link for an account that can be signed in to, or is invited; one each quarter of an hour, so that nobody fills a mailbox or ends a
    /// link before it is read.
    /// </summary>
    private async Task<Invitation?> Link(string email)
    {
        var token = Credential.Generate();
        var now = time.GetUtcNow();
        var expiresAt = now + LinkLasts;
        await using var change = await changes.Begin($"{email} (lost password)", CancellationToken.None);
        // Behind whoever disables the account at this moment.
        var account = await change.Connection.QuerySingleOrDefaultAsync<(Guid Id, string Email)?>(
            """
            select id, email from accounts
            where email = lower(@email) and role = any (@RolesWithPassword) and disabled_at is null
              -- Who signs in at a provider has lost none.
              and (password_hash is not null or not exists (select from account_logins l where l.account_id = accounts.id))
            for no key update
            """, new { email, provider.Value.RolesWithPassword });
        if (account is not { } found)
            return null;

        var made = await change.Connection.ExecuteAsync(
            """
            insert into invitations as i (account_id, is_asked_for, token_sha256, made_at, expires_at)
            values (@Id, true, @Hash, @now, @expiresAt)
            on conflict (account_id, is_asked_for) do update
            set token_sha256 = excluded.token_sha256, made_at = excluded.made_at, expires_at = excluded.expires_at
            where i.made_at < @now - @BetweenLinks
            """, new { found.Id, Hash = Credential.Hash(token), now, expiresAt, BetweenLinks });
        await change.Commit(CancellationToken.None);
        return made == 0 ? null : new Invitation(found.Id, found.Email, $"/invitation/{token}", expiresAt);
    }

    private async Task Forget(Guid account)
    {
        await using var change = await changes.Begin("lost password, not mailed", CancellationToken.None);
        await change.Connection.ExecuteAsync("delete from invitations where account_id = @account and is_asked_for", new { account });
        await change.Commit(CancellationToken.None);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A link for a lost password could not be made ({Exception})")]
    private static partial void LogFailed(ILogger logger, string exception);
}
