using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Accounts;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Core.Alerts;
using Router.Core.Mail;
using Router.Hosting.ApiSettings;

namespace Router.Api.Management;

/// <summary>
/// What operators may do at sites that aren't theirs and that would show them leads: try conditions and formats on them, and have them sent
/// somewhere else. With <see cref="AdminOptions.OperatorsReadLeads"/> off they do neither.
/// </summary>
internal sealed class OperatorsReach(
    ConfigurationChanges changes, SiteOwnersMail owners, IOptions<AlertOptions> alerts, IOptions<AdminOptions> admin)
{
    /// <summary>Why this account can't try something on a site's latest leads: the answers, put together, tell what is in them.</summary>
    public Refusal? RefusesToTry(Guid site) => admin.Value.OperatorsReadLeads || changes.Account.MaySeeLeads(site) ? null : new Refusal(
        StatusCodes.Status403Forbidden,
        "Only the site's owners can try this on their leads: operators of this router may not read leads (Admin:OperatorsReadLeads).");

    /// <summary>The sites on whose latest leads this account can try something; null for all.</summary>
    public Guid[]? SitesToTry() =>
        admin.Value.OperatorsReadLeads ? null : [.. changes.Account.Sites.Where(changes.Account.MaySeeLeads)];

    /// <summary>
    /// Why this account can't decide where a site's leads go, and which of them; null when it can. Whether one went tells what is in it.
    /// </summary>
    /// <param name="connection">In the transaction that does.</param>
    /// <param name="site">The site.</param>
    public async Task<Refusal?> RefusesAddress(NpgsqlConnection connection, Guid site) =>
        !admin.Value.OperatorsReadLeads && !changes.Account.MaySeeLeads(site) && await connection.ExecuteScalarAsync<bool>(
            $"select {LettingIn.IsTaken}", new { site })
        ? new Refusal(
            StatusCodes.Status403Forbidden,
            "Only the site's owners decide where its leads go: operators of this router may not read leads (Admin:OperatorsReadLeads).")
        : null;

    /// <summary>Tells the site's owners that an operator who isn't one of them has its leads sent to an address.</summary>
    public async Task TellOfAddress(Guid site, Guid destination, string name, string url, CancellationToken cancellationToken)
    {
        var operatorsEmail = changes.Account.Email;
        if (changes.Account.MaySeeLeads(site))
            return;

        await owners.Send(
            site, about: null, owner => new MailText(
                owner.Email, $"Leads of {owner.Site} go to {new Uri(url).Host} from now on",
                $"{operatorsEmail}, an operator of the lead router, has set the address of {name}, a destination of {owner.Site}: its "
                + $"leads go to {new Uri(url).Host}. If you don't know why, ask them, and see for yourself:\n\n"
                + $"{new Uri(alerts.Value.PagesUrl!, $"/sites/{site:D}/destinations/{destination:D}")}\n"),
            cancellationToken);
    }
}
