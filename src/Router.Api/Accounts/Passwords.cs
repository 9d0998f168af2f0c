using Dapper;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Core.Sites;
using Router.Hosting.ApiSettings;

namespace Router.Api.Accounts;

/// <summary>Chooses and changes passwords. Each change ends all other sessions of the account.</summary>
internal sealed class Passwords(
    NpgsqlDataSource database, ConfigurationChanges changes, PasswordHasher<Account> hasher, IOptions<ProviderOptions> provider)
{
    private const string Set =
        "update accounts set password_hash = @Hash, stamp = gen_random_uuid(), failed_sign_ins = 0, locked_until = null";

    /// <summary>Whose invitation it is; null when the link was used, replaced or is too old.</summary>
    public async Task<string?> Invited(string token, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<string?>(
            """
            select a.email from invitations i join accounts a on a.id = i.account_id
            where i.token_sha256 = @Hash and i.expires_at > now()
            """, new { Hash = Credential.Hash(token) });
    }

    /// <summary>Whether the account of an e-mail may sign in with a password, where most sign in at a provider.</summary>
    public async Task<bool> MayHave(string email, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(
            "select exists (select from accounts where email = @email and role = any (@RolesWithPassword))",
            new { email, provider.Value.RolesWithPassword });
    }

    /// <summary>Uses up the invitation; null when somebody has used it meanwhile.</summary>
    public async Task<SessionOwner?> Accept(string token, string email, string password, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(email, cancellationToken);
        var (account, isShown) = await change.Connection.QuerySingleOrDefaultAsync<(Guid?, bool)>(
            "delete from invitations where token_sha256 = @Hash and expires_at > now() returning account_id, is_shown",
            new { Hash = Credential.Hash(token) });
        await change.Connection.ExecuteAsync("delete from invitations where account_id = @account", new { account });
        // Whoever needed a link may have had their password taken, and with it tokens made and an account of the provider connected. Their
        // own one is found again by its e-mail.
        await change.Connection.ExecuteAsync(
            """
            update api_tokens set revoked_at = now() where account_id = @account and revoked_at is null;
            delete from account_logins where account_id = @account
            """, new { account });
        // Somebody else who had seen a link may have used it: what they have added goes with them.
        if (!isShown)
        {
            await change.Connection.ExecuteAsync(
                "select remove_second_factors(id) from accounts where id = @account and not is_vouched", new { account });
        }

        var owner = await change.Connection.QuerySingleOrDefaultAsync<SessionOwner>(
            $"{Set}, disabled_at = null, is_vouched = not @isShown where id = @account returning id, stamp, email",
            new { account, isShown, Hash = hasher.HashPassword(null!, password) });
        await change.Commit(cancellationToken);
        return owner;
    }

    /// <summary>Words that anybody would try who knows the account: its e-mail, its sites.</summary>
    public async Task<IReadOnlyList<string>> About(string email, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var sites = await connection.QueryAsync<(string Name, string Domain)>(new CommandDefinition(
            """
            select s.name, s.domain from sites s join account_sites o on o.site_id = s.id join accounts a on a.id = o.account_id
            where a.email = @email
            """, new { email }, cancellationToken: cancellationToken));
        return [email, .. sites.SelectMany(site => new[] { site.Name, site.Domain })];
    }

    /// <summary>Null when the account was disabled while this request was under way.</summary>
    /// <param name="password">The new one.</param>
    /// <param name="revokeTokens">Whether the account's API tokens end, too.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<SessionOwner?> Change(string password, bool revokeTokens, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        await change.Connection.ExecuteAsync(
            "update api_tokens set revoked_at = now() where account_id = @Id and revoked_at is null and @revokeTokens",
            new { changes.Account.Id, revokeTokens });
        var owner = await change.Connection.QuerySingleOrDefaultAsync<SessionOwner>(
            $"{Set} where id = @account and disabled_at is null returning id, stamp, email",
            new { account = changes.Account.Id, Hash = hasher.HashPassword(null!, password) });
        await change.Commit(cancellationToken);
        return owner;
    }
}
