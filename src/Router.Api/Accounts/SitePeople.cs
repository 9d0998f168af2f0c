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
/// The link with which a password is chosen. Null for an account that was there already. Where there is a mail server only operators see
/// it: whoever opens it is that person from then on.
/// </param>
/// <param name="IsMailed">Whether the mail server has taken the link; null for an account that was there already.</param>
internal sealed record NewPerson(Person Person, Invitation? Invitation, bool? IsMailed);

/// <summary>
/// Who sees a site, and who of them configures it. For its owners: nobody gets at another site by it, and no site is left without an owner.
/// </summary>
internal sealed class SitePeople(
    NpgsqlDataSource database, ConfigurationChanges changes, AccountSettings accounts, AccountMail mail, LettingIn lettingIn)
{
    /// <summary>How many people a site can have.</summary>
    public const int Most = 50;

    /// <summary>How many can be let in within a day: each may be a mail to an address that somebody has thought of.</summary>
    private const int MostInADay = 100;

    private static readonly Refusal NoPerson = Refusal.NoSuch("person");

    // It would come back when this person signs in.
    private static readonly Refusal FromClaim = Refusal.Conflict(
        "This access comes from the account of another system with which this person signs in: it is changed there.");

    /// <summary>Why this is no role at a site; null when it is one.</summary>
    public static Refusal? Invalid(string? role)
    {
        if (role is SiteRoles.Owner or SiteRoles.Viewer)
            return null;

        var problems = new FieldProblems();
        problems.Add("role", "'role' must be owner or viewer.");
        return Refusal.Invalid(problems);
    }

    /// <summary>Owners first, then by e-mail.</summary>
    public async Task<List<Person>> List(Guid site, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await List(connection, site);
    }

    /// <summary>Lets somebody see the site; invites them if they have no account.</summary>
    public async Task<Change<NewPerson>> Add(Guid site, string? email, string? role, CancellationToken cancellationToken)
    {
        role ??= SiteRoles.Viewer;
        if (Invalid(role) is { } invalid)
            return invalid;

        await using (var change = await Begin(site, cancellationToken))
        {
            var people = await List(change.Connection, site);
            if (people.Count >= Most)
                return Refusal.Conflict($"A site can have {Most} people at most: remove somebody first.");
            if (await AddedToday(change.Connection, site) >= MostInADay)
                return Refusal.Conflict("So many were let in today that no more can be before tomorrow.");
            if (people.Exists(person => person.Email == Normalized(email)))
                return Refusal.Conflict("This person sees the site already.");

            if (await Find(change.Connection, email) is { } account)
            {
                if (account.IsDisabled && !changes.Account.IsOperator)
                    return LettingIn.AskAnOperator;
                if (await lettingIn.RefusesKnown(change.Connection, site, account.Id) is { } refused)
                    return refused;

                await change.Connection.ExecuteAsync(
                    "insert into account_sites (account_id, site_id, role) values (@Id, @site, @role)", new { account.Id, site, role });
                await change.Commit(cancellationToken);
                await lettingIn.Tell(site, account.Id, cancellationToken);
                return new NewPerson(new Person(account.Id, Normalized(email), role, account.IsInvited, null), null, IsMailed: null);
            }
        }

        var invited = await accounts.Invite(new NewAccount(email, Sites: [site]), role, cancellationToken);
        if (invited.Refusal is { } refusal)
            return refusal;

        var invitation = invited.Made!;
        return new NewPerson(
            new Person(invitation.AccountId, invitation.Email, role, IsInvited: true, null), Seen(invitation), invitation.Mailed);
    }

    /// <summary>Makes a viewer an owner or an owner a viewer; not oneself.</summary>
    public async Task<Change<Person>> ChangeRole(Guid site, Guid account, string? role, CancellationToken cancellationToken)
    {
        if (Invalid(role) is { } invalid)
            return invalid;
        if (IsOneself(account))
            return Refusal.Conflict("This is you: another owner can change what you may do here.");

        await using var change = await Begin(site, cancellationToken);
        if (await lettingIn.Refuses(change.Connection, site, account) is { } refused)
            return refused;

        if (await IsFromClaim(change.Connection, site, account))
            return FromClaim;
        await change.Connection.ExecuteAsync(
            "update account_sites set role = @role where account_id = @account and site_id = @site", new { account, site, role });
        var people = await List(change.Connection, site);
        if (people.Find(person => person.AccountId == account) is not { } person)
            return NoPerson;
        if (LeavesNobody(people))
            return Refusal.Conflict("Then the site had no owner.");

        await change.Commit(cancellationToken);
        return person;
    }

    /// <summary>
    /// The person sees the site no more; not oneself. An account that nobody has used, and that sees nothing now, is deleted.
    /// </summary>
    public async Task<Change<Guid>> Remove(Guid site, Guid account, CancellationToken cancellationToken)
    {
        if (IsOneself(account))
            return Refusal.Conflict("This is you: another owner can remove you.");

        await using var change = await Begin(site, cancellationToken);
        if (await IsFromClaim(change.Connection, site, account))
            return FromClaim;
        var removed = await change.Connection.ExecuteAsync(
            "delete from account_sites where account_id = @account and site_id = @site", new { account, site });
        if (removed == 0)
            return NoPerson;
        if (LeavesNobody(await List(change.Connection, site)))
            return Refusal.Conflict("Then the site had no owner.");

        await change.Connection.ExecuteAsync(
            """
            delete from accounts a
            where a.id = @account and a.role = @Owner and a.password_hash is null and a.disabled_at is null
              and not exists (select from account_logins l where l.account_id = a.id)
              and not exists (select from account_sites where account_id = a.id)
            """, new { account, Roles.Owner });
        await change.Commit(cancellationToken);
        return account;
    }

    /// <summary>
    /// A new link for somebody who has lost the first one; null where it went by mail, or could not, and this isn't an operator. Not for
    /// whoever has a password, or other sites: the link is a way to all that the account may see, and only an operator may make that.
    /// </summary>
    public async Task<Change<NewPerson>> NewLink(Guid site, Guid account, CancellationToken cancellationToken)
    {
        if ((await List(site, cancellationToken)).Find(person => person.AccountId == account) is not { } person)
            return NoPerson;

        var made = await accounts.NewLink(account, changes.Account.IsOperator ? null : site, cancellationToken);
        return made.Refusal is { } refusal ? refusal : new NewPerson(person, Seen(made.Made!), made.Made!.Mailed);
    }

    private Invitation? Seen(Invitation invitation) => changes.Account.IsOperator || !mail.IsSet ? invitation : null;

    private bool IsOneself(Guid account) => account == changes.Account.Id;

    // An operator may leave it to nobody, before it is given to somebody else.
    private bool LeavesNobody(List<Person> people) =>
        !changes.Account.IsOperator && !people.Exists(person => person.Role == SiteRoles.Owner && person.DisabledAt is null);

    /// <summary>One change of a site's people after the other.</summary>
    private async Task<ConfigurationChange> Begin(Guid site, CancellationToken cancellationToken)
    {
        var change = await changes.Begin(cancellationToken);
        await change.Connection.ExecuteAsync("select from sites where id = @site for no key update", new { site });
        return change;
    }

    private static async Task<List<Person>> List(NpgsqlConnection connection, Guid site) =>
        (await connection.QueryAsync<Person>(
            """
            select a.id as account_id, a.email, s.role,
                   a.password_hash is null and not exists (select from account_logins l where l.account_id = a.id) as is_invited,
                   a.disabled_at
            from account_sites s join accounts a on a.id = s.account_id
            where s.site_id = @site order by s.role, a.email
            """, new { site })).AsList();

    private static Task<bool> IsFromClaim(NpgsqlConnection connection, Guid site, Guid account) => connection.ExecuteScalarAsync<bool>(
        "select from_claim from account_sites where account_id = @account and site_id = @site", new { account, site });

    private static Task<int> AddedToday(NpgsqlConnection connection, Guid site) => connection.ExecuteScalarAsync<int>(
        """
        select count(*)::int from audit_log
        where site_id = @site and kind = 'account_sites' and action = 'created' and at > now() - interval '1 day'
        """, new { site });

    // Behind whoever makes a link for it, or disables it, at this moment.
    private static Task<Known?> Find(NpgsqlConnection connection, string? email) => connection.QuerySingleOrDefaultAsync<Known>(
        """
        select id, disabled_at is not null as is_disabled,
               password_hash is null and not exists (select from account_logins l where l.account_id = accounts.id) as is_invited
        from accounts where email = @email for no key update
        """, new { email = Normalized(email) });

    private static string Normalized(string? email) => email?.Trim().ToLowerInvariant() ?? "";

    private sealed record Known(Guid Id, bool IsDisabled, bool IsInvited);
}
