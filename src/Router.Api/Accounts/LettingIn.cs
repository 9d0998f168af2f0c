using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Core.Alerts;
using Router.Core.Mail;
using Router.Hosting.ApiSettings;

namespace Router.Api.Accounts;

/// <summary>
/// What operators may do about who sees a site's leads. By default they let anybody in, themselves too, and the site's owners are told;
/// with <see cref="AdminOptions.OperatorsReadLeads"/> off they only give a site its first owner.
/// </summary>
internal sealed class LettingIn(
    ConfigurationChanges changes, SiteOwnersMail owners, IOptions<AlertOptions> alerts, IOptions<AdminOptions> admin)
{
    /// <summary>
    /// SQL: whether a site has an owner, or has ever had anybody. Whoever takes all owners away doesn't get to do what they alone may.
    /// </summary>
    public const string IsTaken = """
        (exists (select from account_sites where site_id = @site and role = 'owner')
         or exists (select from audit_log where site_id = @site and kind = 'account_sites' and action = 'created'))
        """;

    /// <summary>What an owner hears who can't let somebody in.</summary>
    public static readonly Refusal AskAnOperator =
        Refusal.Conflict("Only an operator of this router can let this person in: ask one.");

    private static readonly Refusal LinkFirst = Refusal.Conflict(
        "Somebody else has seen a link to this account, and may be the one who uses it. Make it a new link (Accounts), pass that on to the "
        + "person, and let them in when they have used it.");

    private static readonly Refusal PasswordFirst = Refusal.Conflict(
        "An operator of this router has seen a link to this person's account, and operators may not read leads "
        + "(Admin:OperatorsReadLeads). Let the person choose a new password by “Lost your password?” at the sign-in page, then add "
        + "them.");

    /// <summary>Whether operators are trusted with leads.</summary>
    public bool OperatorsReadLeads => admin.Value.OperatorsReadLeads;

    private static readonly Refusal OwnersDo = new(
        StatusCodes.Status403Forbidden,
        "Only the site's owners let people in: operators of this router may not read leads (Admin:OperatorsReadLeads).");

    /// <summary>Why a new operator can't be given sites; null when it can.</summary>
    public Refusal? RefusesOperator() => admin.Value.OperatorsReadLeads ? null : OwnersDo;

    /// <summary>Why this account can't be let in by whoever asks; null when it can.</summary>
    /// <param name="connection">In the transaction that lets it in.</param>
    /// <param name="site">Where.</param>
    /// <param name="account">Whom; null for a new one that is no operator.</param>
    public async Task<Refusal?> Refuses(NpgsqlConnection connection, Guid site, Guid? account)
    {
        if (admin.Value.OperatorsReadLeads || IsOwnSite(site))
            return null;

        return await connection.ExecuteScalarAsync<bool>(
            $"select {IsTaken} or exists (select from accounts where id = @account and role = 'operator')",
            new { site, account }) ? OwnersDo : null;
    }

    /// <summary>
    /// Why an account that is there already can't be let in by whoever asks: somebody else may be the one who uses it, unless it sees the
    /// site already; or for <see cref="Refuses"/>'s reasons. From here on nobody makes a link for it, or disables it, before the
    /// transaction ends.
    /// </summary>
    public async Task<Refusal?> RefusesKnown(NpgsqlConnection connection, Guid site, Guid account)
    {
        var isVouched = await connection.QuerySingleOrDefaultAsync<bool?>(
            """
            select is_vouched
                   -- Nor while there is a link that somebody has seen: it could still be used.
                   and not exists (select from invitations i where i.account_id = a.id and i.is_shown and i.expires_at > now())
                or exists (select from account_sites s where s.account_id = a.id and s.site_id = @site)
            from accounts a where id = @account for no key update
            """, new { site, account });
        if (isVouched is not false)
            return await Refuses(connection, site, account);

        return !OperatorsReadLeads ? PasswordFirst : changes.Account.IsOperator ? LinkFirst : AskAnOperator;
    }

    /// <summary>Why no link can be made for this account: whoever has it becomes somebody who sees leads.</summary>
    public async Task<Refusal?> RefusesLink(NpgsqlConnection connection, Guid account)
    {
        if (admin.Value.OperatorsReadLeads || !changes.Account.IsOperator)
            return null;

        return await connection.ExecuteScalarAsync<bool>(
            """
            select (a.password_hash is not null or a.disabled_at is not null
                    or exists (select from account_logins l where l.account_id = a.id)
                    -- Whom an operator has invited is the first of each of its sites.
                    or exists (
                        select from audit_log l
                        where l.site_id = any (array(select site_id from account_sites where account_id = @account))
                          and l.kind = 'account_sites' and l.action = 'created' and l.subject_id <> @account::text))
               and exists (select from account_sites where account_id = @account)
            from accounts a where a.id = @account
            """, new { account }) ? new Refusal(
                StatusCodes.Status403Forbidden,
                "This account sees leads, and operators of this router may not (Admin:OperatorsReadLeads). Its owner asks for a new "
                + "password at the sign-in page.") : null;
    }

    /// <summary>
    /// Tells the site's owners by mail that somebody who isn't one of them has let this account in. Never throws: it is in the site's list
    /// of changes, too.
    /// </summary>
    public async Task Tell(Guid site, Guid account, CancellationToken cancellationToken)
    {
        if (IsOwnSite(site))
            return;

        var operatorsEmail = changes.Account.Email;
        await owners.Send(
            site, about: account, owner => new MailText(
                owner.Email, $"{owner.Newcomer} may now see the leads of {owner.Site}",
                $"{operatorsEmail}, an operator of the lead router, has made {owner.Newcomer} {Article(owner.Role!)} of {owner.Site}. "
                + "If you don't know why, ask them, and take it back here:\n\n"
                + $"{new Uri(alerts.Value.PagesUrl!, $"/sites/{site:D}/people")}\n"),
            cancellationToken);
    }

    private bool IsOwnSite(Guid site) => changes.Account.MaySeeLeads(site) && !changes.Account.Viewed.Contains(site);

    private static string Article(string role) => role == SiteRoles.Owner ? "an owner" : "a viewer";
}
