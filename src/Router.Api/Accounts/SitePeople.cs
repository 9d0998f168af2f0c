using Dapper;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;

namespace Router.Api.Accounts;

/// <summary>Somebody who sees a site.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Email">What it signs in with.</param>
/// <param name="Role">What it is at this site: <c>owner</c> or <c>viewer</c>.</param>
/// <param name="IsInvited">Whether its invitation has not been accepted yet.</param>
/// <param name="DisabledAt">Since when nobody can sign in with it.</param>
internal sealed record Person(Guid AccountId, string Email, string Role, bool IsInvited, DateTimeOffset? DisabledAt);

/// <summary>Somebody who was let in.</summary>
/// <param name="Person">Who.</param>
/// <param name="Invitation">
/// The link with which a password is chosen. Null for an account that was there already; and where it went by mail, unless an operator
/// asks: whoever opens it is that person from then on.
/// </param>
/// <param name="IsMailed">Whether the mail server has taken the link.</param>
internal sealed record NewPerson(Person Person, Invitation? Invitation, bool IsMailed);

/// <summary>Who sees a site, and who of them configures it. For its owners, so nobody gets at another site by it.</summary>
internal sealed class SitePeople(NpgsqlDataSource database, ConfigurationChanges changes, AccountSettings accounts)
{
    /// <summary>How many people a site can have: each invitation is a mail to an address that its owner can choose.</summary>
    public const int Most = 50;

    /// <summary>Owners first, then by e-mail.</summary>
    public async Task<List<Person>> List(Guid site, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<Person>(new CommandDefinition(
            """
            select a.id as account_id, a.email, s.role, a.password_hash is null as is_invited, a.disabled_at
            from account_sites s join accounts a on a.id = s.account_id
            where s.site_id = @site order by s.role, a.email
            """, new { site }, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>Lets somebody see the site; invites them if they have no account.</summary>
    public async Task<Change<NewPerson>> Add(Guid site, string? email, string? role, CancellationToken cancellationToken)
    {
        role ??= SiteRoles.Viewer;
        if (Invalid(role) is { } invalid)
            return invalid;

        var people = await List(site, cancellationToken);
        if (people.Count >= Most)
            return Refusal.Conflict($"A site can have {Most} people at most: remove somebody first.");
        if (people.Exists(person => string.Equals(person.Email, email?.Trim(), StringComparison.OrdinalIgnoreCase)))
            return Refusal.Conflict("This person sees the site already.");

        Invitation? invitation = null;
        var isMailed = false;
        if (await Find(email, cancellationToken) is { } account)
        {
            if ((await accounts.GiveSite(account, site, role, cancellationToken)).Refusal is { } refusal)
                return refusal;
        }
        else
        {
            var invited = await accounts.Invite(new NewAccount(email, Sites: [site]), role, cancellationToken);
            if (invited.Refusal is { } refusal)
                return refusal;

            isMailed = invited.Made!.Mailed;
            invitation = isMailed && !changes.Account.IsOperator ? null : invited.Made;
        }

        people = await List(site, cancellationToken);
        var added = people.Find(person => string.Equals(person.Email, email!.Trim(), StringComparison.OrdinalIgnoreCase));
        return added is null ? Refusal.NoSuch("account") : new NewPerson(added, invitation, isMailed);
    }

    /// <summary>Makes a viewer an owner or an owner a viewer; not oneself.</summary>
    public async Task<Change<Person>> ChangeRole(Guid site, Guid account, string? role, CancellationToken cancellationToken)
    {
        if (Invalid(role) is { } invalid)
            return invalid;
        if (IsOneself(account))
            return Refusal.Conflict("This is you: another owner can change what you may do here.");
        if ((await List(site, cancellationToken)).Find(person => person.AccountId == account) is not { } person)
            return Refusal.NoSuch("person");

        var changed = await accounts.GiveSite(account, site, role, cancellationToken);
        return changed.Refusal is { } refusal ? refusal : person with { Role = role! };
    }

    /// <summary>The person sees the site no more; not oneself.</summary>
    public async Task<Change<Guid>> Remove(Guid site, Guid account, CancellationToken cancellationToken) =>
        IsOneself(account) ? Refusal.Conflict("This is you: another owner can remove you.")
            : await accounts.TakeSite(account, site, cancellationToken);

    /// <summary>
    /// A new link for somebody who has lost the first one. Not for whoever has a password, or other sites: the link is a way to all that
    /// the account may see, and only an operator may make that.
    /// </summary>
    public async Task<Change<Invitation>> NewLink(Guid site, Guid account, CancellationToken cancellationToken)
    {
        await using (var connection = await database.OpenConnectionAsync(cancellationToken))
        {
            var isTheirs = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
                """
                select exists (
                    select from accounts a
                    where a.id = @account and a.role = @Owner and a.password_hash is null and a.disabled_at is null
                      and exists (select from account_sites where account_id = a.id and site_id = @site)
                      and not exists (select from account_sites where account_id = a.id and site_id <> @site))
                """, new { account, site, Roles.Owner }, cancellationToken: cancellationToken));
            if (!isTheirs)
                return Refusal.Conflict("Only an operator can make a new link for this account.");
        }

        return await accounts.NewLink(account, cancellationToken);
    }

    /// <summary>Why this is no role at a site; null when it is one.</summary>
    public static Refusal? Invalid(string? role)
    {
        if (role is SiteRoles.Owner or SiteRoles.Viewer)
            return null;

        var problems = new FieldProblems();
        problems.Add("role", "'role' must be owner or viewer.");
        return Refusal.Invalid(problems);
    }

    private bool IsOneself(Guid account) => account == changes.Account.Id;

    private async Task<Guid?> Find(string? email, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await AccountSettings.FindByEmail(connection, email ?? "");
    }
}
