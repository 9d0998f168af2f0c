using Dapper;
using Microsoft.AspNetCore.Identity;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Core.Sites;

namespace Router.Api.Accounts;

/// <summary>Somebody to invite.</summary>
/// <param name="Email">What they sign in with.</param>
/// <param name="Role"><c>owner</c> (default) or <c>operator</c>.</param>
/// <param name="Sites">The sites that will be theirs.</param>
internal sealed record NewAccount(string? Email = null, string? Role = null, Guid[]? Sites = null);

/// <summary>A one-time link with which a password is chosen; shown to the operator this once.</summary>
/// <param name="AccountId">Whose it is.</param>
/// <param name="Email">Its e-mail.</param>
/// <param name="Path">The path of the link, on the host of the pages.</param>
/// <param name="ExpiresAt">Until when it works.</param>
/// <param name="Mailed">Whether the mail server has taken it, too.</param>
internal sealed record Invitation(Guid AccountId, string Email, string Path, DateTimeOffset ExpiresAt, bool Mailed = false);

/// <summary>An account as operators see it; a viewer is one of each of its sites.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Email">What it signs in with.</param>
/// <param name="Role"><c>owner</c> or <c>operator</c>.</param>
/// <param name="Sites">The sites that it sees.</param>
/// <param name="ViewerOf">Those of them where it is a viewer.</param>
/// <param name="IsViewer">Whether it is one of each.</param>
/// <param name="IsInvited">Whether its invitation has not been accepted yet.</param>
/// <param name="DisabledAt">Since when nobody can sign in with it.</param>
/// <param name="LockedUntil">Until when too many wrong passwords keep it locked.</param>
/// <param name="HasSecondFactor">Whether it signs in with more than a password.</param>
internal sealed record AccountRow(
    Guid Id, string Email, string Role, Guid[] Sites, Guid[] ViewerOf, bool IsViewer, bool IsInvited,
    DateTimeOffset? DisabledAt, DateTimeOffset? LockedUntil, bool HasSecondFactor);

/// <summary>Invites and disables accounts, and gives them sites. For operators.</summary>
internal sealed class AccountSettings(ConfigurationChanges changes, AccountMail mail, LettingIn lettingIn, TimeProvider time)
{
    public static readonly TimeSpan InvitationLasts = TimeSpan.FromDays(7);

    private static readonly TimeSpan BetweenLinks = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Whether somebody sees the link whom its account's sites needn't trust: an owner, because it can't go by mail, or an operator where
    /// those may not read leads. Whoever uses it then isn't vouched for by anybody.
    /// </summary>
    private bool ShowsLink => changes.Account.IsOperator ? !lettingIn.OperatorsReadLeads : !mail.IsSet;

    /// <summary>By e-mail, disabled ones last; those with a text in their e-mail, if wanted.</summary>
    public static async Task<List<AccountRow>> List(
        NpgsqlConnection connection, string? find = null, Guid? after = null, int limit = int.MaxValue) =>
        (await connection.QueryAsync<AccountRow>(
            """
            select a.id, a.email, a.role, array(select s.site_id from account_sites s where s.account_id = a.id) as sites,
                   array(select s.site_id from account_sites s where s.account_id = a.id and s.role = 'viewer') as viewer_of,
                   (select coalesce(bool_and(s.role = 'viewer'), false) from account_sites s where s.account_id = a.id) as is_viewer,
                   a.password_hash is null and not exists (select from account_logins l where l.account_id = a.id) as is_invited,
                   a.disabled_at, a.locked_until,
                   exists (select from authenticator_apps p where p.account_id = a.id)
                       or exists (select from passkeys p where p.account_id = a.id) as has_second_factor
            from accounts a
            where (@find is null or strpos(a.email, lower(@find)) > 0)
              and (@after is null
                   or (a.disabled_at is not null, a.email) > (select disabled_at is not null, email from accounts where id = @after))
            order by a.disabled_at is not null, a.email
            limit @limit
            """, new { find, after, limit })).AsList();

    public Task<Change<Invitation>> Invite(NewAccount request, CancellationToken cancellationToken) =>
        Invite(request, SiteRoles.Owner, cancellationToken);

    /// <param name="request">Whom.</param>
    /// <param name="siteRole">What they are at their sites.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<Change<Invitation>> Invite(NewAccount request, string siteRole, CancellationToken cancellationToken)
    {
        var email = request.Email?.Trim().ToLowerInvariant() ?? "";
        var problems = new FieldProblems();
        problems.RequireEmail("email", email);
        if (request.Role is not (null or Roles.Owner or Roles.Operator))
            problems.Add("role", "'role' must be owner or operator.");
        if (problems.Any)
            return Refusal.Invalid(problems);

        var id = Guid.CreateVersion7(time.GetUtcNow());
        try
        {
            if (request is { Role: Roles.Operator, Sites.Length: > 0 } && lettingIn.RefusesOperator() is { } no)
                return no;

            await using var change = await changes.Begin(cancellationToken);
            foreach (var site in request.Sites ?? [])
            {
                if (await lettingIn.Refuses(change.Connection, site, account: null) is { } refusal)
                    return refusal;
            }

            await change.Connection.ExecuteAsync(
                "insert into accounts (id, email, role, is_vouched) values (@id, @email, @Role, not @ShowsLink)",
                new { id, email, Role = request.Role ?? Roles.Owner, ShowsLink });
            await change.Connection.ExecuteAsync(
                "insert into account_sites (account_id, site_id, role) select distinct @id, site, @siteRole from unnest(@Sites) as site",
                new { id, siteRole, Sites = request.Sites ?? [] });
            var invitation = await Link(change.Connection, id, email);
            await change.Commit(cancellationToken);
            foreach (var site in request.Sites ?? [])
                await lettingIn.Tell(site, id, cancellationToken);
            return invitation with { Mailed = await mail.TryInvite(invitation, cancellationToken) };
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return Refusal.Conflict("There is an account with this e-mail already: give it the site, or make a new link for it.");
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return Refusal.NoSuch("site");
        }
    }

    /// <summary>
    /// A new link for somebody who lost the first one, or the password, or was disabled. A password that there is stays until the
    /// link is used.
    /// </summary>
    /// <param name="account">Whose.</param>
    /// <param name="onlyOf">For an owner of this site: only an account that nobody has used yet, and that sees no other site.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<Change<Invitation>> NewLink(Guid account, Guid? onlyOf, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        var (email, isNew, isTheirs) = await change.Connection.QuerySingleOrDefaultAsync<(string?, bool, bool)>(
            """
            select email, is_new, @onlyOf is null or (
                role = @Owner and is_new
                and (select array_agg(site_id) from account_sites where account_id = @account) = array[@onlyOf])
            from accounts a cross join lateral (
                select password_hash is null and disabled_at is null
                       and not exists (select from account_logins l where l.account_id = a.id) as is_new) n
            where id = @account for update of a
            """, new { account, onlyOf, Roles.Owner });
        if (email is null)
            return Refusal.NoSuch("account");
        if (!isTheirs)
            return Refusal.Conflict("Only an operator can make a new link for this account.");
        if (await lettingIn.RefusesLink(change.Connection, account) is { } kept)
            return kept;
        if (onlyOf is not null && await change.Connection.ExecuteScalarAsync<bool>(
            "select exists (select from invitations where account_id = @account and made_at > now() - @BetweenLinks)",
            new { account, BetweenLinks }))
            return Refusal.Conflict("A link was made a moment ago: wait a quarter of an hour before you make another one.");

        var invitation = await Link(change.Connection, account, email);
        await change.Commit(cancellationToken);
        return invitation with
        {
            Mailed = await (isNew ? mail.TryInvite(invitation, cancellationToken) : mail.TryRenew(invitation, cancellationToken)),
        };
    }

    /// <summary>
    /// Ends its sessions, password, tokens, invitation and connection with the provider at once; a new link, once it is used, lets it in
    /// again. Nobody can disable the account they use.
    /// </summary>
    public async Task<Change<Guid>> Disable(Guid account, CancellationToken cancellationToken)
    {
        if (account == changes.Account.Id)
            return Refusal.Conflict("This is your own account: another operator can disable it.");

        await using var change = await changes.Begin(cancellationToken);
        var disabled = await change.Connection.ExecuteAsync(
            """
            update accounts set disabled_at = now(), password_hash = null, stamp = gen_random_uuid()
            where id = @account and disabled_at is null
            """, new { account });
        await change.Connection.ExecuteAsync(
            "update api_tokens set revoked_at = now() where account_id = @account and revoked_at is null", new { account });
        // Of a connection nobody knows who made it: whoever could sign in once may have connected an account of their own.
        await change.Connection.ExecuteAsync(
            "delete from invitations where account_id = @account; delete from account_logins where account_id = @account", new { account });
        await change.Commit(cancellationToken);
        return disabled == 0 ? Refusal.NoSuch("account") : account;
    }

    /// <param name="account">Whom.</param>
    /// <param name="site">Which.</param>
    /// <param name="role">What it is there from now on; null: an owner, unless it is something there already.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<Change<Guid>> GiveSite(Guid account, Guid site, string? role, CancellationToken cancellationToken)
    {
        if (role is not null && SitePeople.Invalid(role) is { } invalid)
            return invalid;

        try
        {
            await using var change = await changes.Begin(cancellationToken);
            if (await lettingIn.RefusesKnown(change.Connection, site, account) is { } refusal)
                return refusal;

            await change.Connection.ExecuteAsync(
                """
                insert into account_sites as s (account_id, site_id, role) values (@account, @site, coalesce(@role, 'owner'))
                on conflict (account_id, site_id) do update
                set role = coalesce(@role, s.role), from_claim = false where @role is not null or s.from_claim
                """, new { account, site, role });
            await change.Commit(cancellationToken);
            await lettingIn.Tell(site, account, cancellationToken);
            return account;
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return Refusal.NoSuch("account or site");
        }
    }

    public async Task<Change<Guid>> TakeSite(Guid account, Guid site, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        var taken = await change.Connection.ExecuteAsync(
            "delete from account_sites where account_id = @account and site_id = @site", new { account, site });
        await change.Commit(cancellationToken);
        return taken == 0 ? Refusal.NoSuch("access") : account;
    }

    private async Task<Invitation> Link(NpgsqlConnection connection, Guid account, string email)
    {
        var token = Credential.Generate();
        var expiresAt = time.GetUtcNow() + InvitationLasts;
        await connection.ExecuteAsync(
            """
            insert into invitations (account_id, token_sha256, expires_at, is_shown) values (@account, @Hash, @expiresAt, @ShowsLink)
            on conflict (account_id, is_asked_for) do update
            set token_sha256 = excluded.token_sha256, made_at = now(), expires_at = excluded.expires_at, is_shown = excluded.is_shown
            """, new { account, Hash = Credential.Hash(token), expiresAt, ShowsLink });
        return new Invitation(account, email, $"/invitation/{token}", expiresAt);
    }
}
