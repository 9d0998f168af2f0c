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
/// <param name="Token">The name of the API token that the request came with; null on a page.</param>
internal sealed record Account(Guid Id, string Email, string Role, Guid[] Sites, Guid[] Viewed, string TimeZone, string? Token = null)
{
    public bool IsOperator => Role == Roles.Operator;

    /// <summary>Whether it sees who the leads of the site are.</summary>
    public bool MaySeeLeads(Guid site) => Sites.Contains(site);

    public bool MaySee(Guid site) => IsOperator || Sites.Contains(site);

    public bool MayChange(Guid site) => IsOperator || (Sites.Contains(site) && !Viewed.Contains(site));

    /// <summary>For the audit log.</summary>
    public string Actor => Token is null ? Email : $"{Email} (token {Token})";
}

internal static class AccountOfRequest
{
    /// <summary>The account of an authenticated request.</summary>
    public static Account Account(this HttpContext context) => context.Features.GetRequiredFeature<Account>();

    /// <summary>The account, or null when nobody is signed in.</summary>
    public static Account? SignedIn(this HttpContext context) => context.Features.Get<Account>();
}
