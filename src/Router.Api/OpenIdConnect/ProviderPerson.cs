using System.Globalization;
using System.Security.Claims;
using Router.Api.Authentication;
using Router.Hosting.ApiSettings;

namespace Router.Api.OpenIdConnect;

/// <summary>A site that a claim gives.</summary>
/// <param name="Site">Its id or name.</param>
/// <param name="Role">One of <see cref="SiteRoles"/>.</param>
internal sealed record ClaimedSite(string Site, string Role);

/// <summary>Whom the provider has let in, as it says in the ID token.</summary>
/// <param name="Issuer">The provider.</param>
/// <param name="Subject">What it calls this person, and nobody else, ever.</param>
/// <param name="Email">The address; null when there is none that could be an account's.</param>
/// <param name="IsEmailVerified">Whether the provider says that it has checked the address.</param>
/// <param name="IsOperator">Whether a claim makes an operator.</param>
/// <param name="Sites">The sites that claims give.</param>
/// <param name="Amr">The ways in which the provider says that it has checked who this is.</param>
/// <param name="AuthenticatedAt">When it has; null when it doesn't say.</param>
/// <param name="TimeZone">Where this person is.</param>
internal sealed record ProviderPerson(
    string Issuer, string Subject, string? Email, bool IsEmailVerified, bool IsOperator, IReadOnlyList<ClaimedSite> Sites,
    IReadOnlyList<string> Amr, DateTimeOffset? AuthenticatedAt, string? TimeZone)
{
    // A token names more sites than anybody has only by mistake.
    private const int MostSites = 1_000;

    public static ProviderPerson Of(ClaimsPrincipal token, ProviderOptions options) => new(
        token.FindFirstValue("iss") ?? "", token.FindFirstValue("sub") ?? "", Address(token.FindFirstValue(options.EmailClaim)),
        token.FindFirstValue(options.EmailVerifiedClaim) is { } verified
            && (verified == "1" || string.Equals(verified, "true", StringComparison.OrdinalIgnoreCase)),
        options.OperatorClaims.Any(one => token.HasClaim(one.Claim, one.Value)), SitesOf(token, options),
        Values(token, "amr"),
        long.TryParse(token.FindFirstValue("auth_time"), CultureInfo.InvariantCulture, out var at) && at is > 0 and < 253_402_300_800
            ? DateTimeOffset.FromUnixTimeSeconds(at) : null,
        token.FindFirstValue("zoneinfo"));

    private static List<ClaimedSite> SitesOf(ClaimsPrincipal token, ProviderOptions options) =>
        options.SitesFrom.Length == 0 ? []
            : [.. Values(token, options.SitesFrom).Take(MostSites).Select(value => SiteOf(value.Trim(), options.SitesRole))
                .Where(claimed => claimed.Site.Length > 0)];

    private static ClaimedSite SiteOf(string value, string role)
    {
        foreach (var named in new[] { SiteRoles.Owner, SiteRoles.Viewer })
        {
            if (value.EndsWith($":{named}", StringComparison.Ordinal))
                return new ClaimedSite(value[..^(named.Length + 1)].Trim(), named);
        }

        return new ClaimedSite(value, role);
    }

    private static List<string> Values(ClaimsPrincipal token, string claim) =>
        [.. token.FindAll(claim).Select(one => one.Value)];

    /// <summary>As an account has it.</summary>
    private static string? Address(string? email) =>
        email?.Trim().ToLowerInvariant() is { Length: > 2 and <= 254 } address && address.All(character => character is > ' ' and < '\x7f')
        && address.Split('@') is [{ Length: > 0 }, { Length: > 0 }] ? address : null;
}
