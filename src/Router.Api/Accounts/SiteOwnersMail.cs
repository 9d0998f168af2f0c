using Dapper;
using Npgsql;
using Router.Core.Mail;

namespace Router.Api.Accounts;

/// <summary>An owner of a site who can sign in, and what the site is called.</summary>
/// <param name="Email">Where the mail goes.</param>
/// <param name="Site">The site's name.</param>
/// <param name="Newcomer">The e-mail of the account that it is about; null when it is about none that is at the site.</param>
/// <param name="Role">What that account is there.</param>
internal sealed record ToldOwner(string Email, string Site, string? Newcomer, string? Role);

/// <summary>Tells a site's owners by mail what operators do that concerns their leads.</summary>
internal sealed partial class SiteOwnersMail(NpgsqlDataSource database, OutgoingMail mail, ILogger<SiteOwnersMail> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>Sends each of them one. Never throws: what it tells is in the site's list of changes, too.</summary>
    /// <param name="site">The site.</param>
    /// <param name="about">The account that it is about, which needn't be told; null for none.</param>
    /// <param name="text">What one of them is told.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task Send(Guid site, Guid? about, Func<ToldOwner, MailText> text, CancellationToken cancellationToken)
    {
        if (!mail.IsSet)
            return;

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            // No connection is held while the mail server takes its time.
            var owners = await Owners(site, about, limit.Token);
            await Task.WhenAll(owners.Select(owner => mail.Send(text(owner), limit.Token)));
        }
#pragma warning disable CA1031 // Whatever the mail server says.
        catch (Exception failed)
        {
            LogNotTold(logger, site, failed.GetType().Name);
        }
#pragma warning restore CA1031
    }

    private async Task<List<ToldOwner>> Owners(Guid site, Guid? about, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<ToldOwner>(
            """
            select o.email, s.name as site, n.email as newcomer, x.role
            from sites s
            join account_sites y on y.site_id = s.id and y.role = 'owner' and y.account_id is distinct from @about
            join accounts o on o.id = y.account_id and o.disabled_at is null
                and (o.password_hash is not null or exists (select from account_logins l where l.account_id = o.id))
            left join account_sites x on x.site_id = s.id and x.account_id = @about
            left join accounts n on n.id = x.account_id
            where s.id = @site
            """, new { site, about })).AsList();
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The owners of site {SiteId} could not be told by mail what an operator has done ({Exception})")]
    private static partial void LogNotTold(ILogger logger, Guid siteId, string exception);
}
