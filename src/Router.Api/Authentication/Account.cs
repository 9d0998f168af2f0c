using Microsoft.AspNetCore.Http.Features;

namespace Router.Api.Authentication;

/// <summary>The roles of accounts; the values of <c>accounts.role</c>.</summary>
internal static class Roles
{
    /// <summary>Configures the sites that are theirs.</summary>
    public const string Owner = "owner";

    /// <summary>
    /// Runs the router: all sites, the catalogue, products and accounts. Lead contents only of sites that are theirs too.
    /// </summary>
    public const string Operator = "operator";
}

/// <summary>What an account is at a site; the values of <c>account_sites.role</c>.</summary>
internal static class SiteRoles
{
    /// <summary>Sees the site and configures it, and lets others see it.</summary>
    public const string Owner = "owner";

    /// <summary>Sees what owners see, and changes nothing.</summary>
    public const string Viewer = "viewer";
}

/// <summary>Who makes this request.</summary>
/// <param name="Id">The account.</param>
/// <param name="Email">What it signs in with.</param>
/// <param name="Role">One of <see cref="Roles"/>.</param>
/// <param name="Sites">The sites whose leads it sees, as an owner or as a viewer.</param>
/// <param name="Viewed">Those of them where it is a viewer.</param>
/// <param name="TimeZone">In which its pages tell times.</param>
/// <param name="Token">The API token that the request came with; null on a page.</param>
/// <param name="Session">The session that the request came with; null where it came with a token.</param>
internal sealed record Account(
    Guid Id, string Email, string Role, Guid[] Sites, Guid[] Viewed, string TimeZone, TokenOfRequest? Token = null,
    SessionOfRequest? Session = null)
{
    /// <summary>
    /// Whether all sites are there for it, and what belongs to none. A token for some sites sees no more than an owner of them.
    /// </summary>
    public bool IsOperator => Role == Roles.Operator && Token?.Sites is null;

    /// <summary>The sites that it sees if it is no operator.</summary>
    public Guid[] VisibleSites => Token?.Sites is not { } only ? Sites : Role == Roles.Operator ? only : [.. only.Intersect(Sites)];

    /// <summary>Whether it sees who the leads of the site are.</summary>
    public bool MaySeeLeads(Guid site) => Sites.Contains(site) && MaySee(site);

    public bool MaySee(Guid site) => IsOperator || VisibleSites.Contains(site);

    public bool MayChange(Guid site) =>
        MaySee(site) && (Role == Roles.Operator || !Viewed.Contains(site)) && Token?.Scope != TokenScopes.Read;

    /// <summary>Whether it may do what only operators may: with a token of a smaller scope they only look.</summary>
    public bool MayOperate(bool changes) => IsOperator && (!changes || Token is null || Token.Scope == TokenScopes.Operate);

    /// <summary>For the audit log.</summary>
    public string Actor => Token is null ? Email : $"{Email} (token {Token.Name})";
}

internal static class AccountOfRequest
{
    /// <summary>The account of an authenticated request.</summary>
    public static Account Account(this HttpContext context) => context.Features.GetRequiredFeature<Account>();

    /// <summary>The account, or null when nobody is signed in.</summary>
    public static Account? SignedIn(this HttpContext context) => context.Features.Get<Account>();
}
