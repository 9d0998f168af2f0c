using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Router.Hosting.ApiSettings;

/// <summary>
/// Section <c>OpenIdConnect</c>: signing in on the pages with the accounts of another system, its provider. Off without an authority.
/// </summary>
internal sealed class ProviderOptions : IValidatableObject
{
    // Without characters that nobody can see.
    private const string Printable = @"^[^\x00-\x1F\x7F]*$";

    /// <summary>Of <see cref="PasswordSignIn"/>: everybody.</summary>
    public const string Allowed = "allowed";

    /// <summary>Of <see cref="PasswordSignIn"/>: operators.</summary>
    public const string OperatorsOnly = "operators";

    /// <summary>
    /// The provider's issuer, such as <c>https://login.example.com</c>: below it is <c>/.well-known/openid-configuration</c>. With https,
    /// except on this machine. Default none.
    /// </summary>
    public Uri? Authority { get; set; }

    /// <summary>What the provider calls this router. Required with <c>OpenIdConnect:Authority</c>. Default none.</summary>
    [RegularExpression(Printable)]
    public string ClientId { get; set; } = "";

    /// <summary>The secret that the provider has given for it, if it has. Default none.</summary>
    [RegularExpression(Printable)]
    public string ClientSecret { get; set; } = "";

    /// <summary>What people call the provider: the button says "Sign in with" it. Default <c>your company account</c>.</summary>
    [Required, RegularExpression(Printable)]
    public string Name { get; set; } = "your company account";

    /// <summary>What is asked of the provider, separated by blanks. Default <c>openid profile email</c>.</summary>
    [Required, RegularExpression(Printable)]
    public string Scopes { get; set; } = "openid profile email";

    /// <summary>The claim that holds the e-mail address. Default <c>email</c>.</summary>
    [Required, RegularExpression(Printable)]
    public string EmailClaim { get; set; } = "email";

    /// <summary>
    /// The claim that says whether the address is verified: <c>true</c> or <c>1</c>. Default <c>email_verified</c>.
    /// </summary>
    [Required, RegularExpression(Printable)]
    public string EmailVerifiedClaim { get; set; } = "email_verified";

    /// <summary>
    /// Who is an operator: <c>claim=value</c>, separated by commas; one that fits is enough. Who is one by a claim is none any more after a
    /// sign-in without it. Default none.
    /// </summary>
    [RegularExpression(Printable)]
    public string OperatorsIf { get; set; } = "";

    /// <summary>
    /// The claim whose values are the ids or names of the sites that somebody sees. A value may end in <c>:owner</c> or <c>:viewer</c>.
    /// Default none.
    /// </summary>
    [RegularExpression(Printable)]
    public string SitesFrom { get; set; } = "";

    /// <summary>What somebody is at a site where the value doesn't say it. Default <c>owner</c>.</summary>
    [Required, RegularExpression("^(owner|viewer)$")]
    public string SitesRole { get; set; } = "owner";

    /// <summary>
    /// Who may come that has no account yet: with <c>invited</c> nobody, with <c>claim</c> whoever is an operator or sees a site by a
    /// claim. Default <c>invited</c>.
    /// </summary>
    [Required, RegularExpression("^(invited|claim)$")]
    public string CreateAccounts { get; set; } = "invited";

    /// <summary>Who may sign in with a password as well: everybody, operators only, or nobody. Default <c>allowed</c>.</summary>
    [Required, RegularExpression("^(allowed|operators|off)$")]
    public string PasswordSignIn { get; set; } = Allowed;

    /// <summary>
    /// How the provider is asked to check who somebody is (<c>acr_values</c>), separated by blanks, the best first. The provider may do
    /// less: <see cref="RequiredAmr"/> is checked here. Default none.
    /// </summary>
    [RegularExpression(Printable)]
    public string AcrValues { get; set; } = "";

    /// <summary>
    /// Ways of signing in there of which one must have been used (<c>amr</c>), such as <c>mfa</c>, separated by blanks. Default none.
    /// </summary>
    [RegularExpression(Printable)]
    public string RequiredAmr { get; set; } = "";

    /// <summary>Whether there is a provider.</summary>
    public bool IsSet => Authority is not null;

    /// <summary>Whether who is in no account yet may get one by a claim.</summary>
    public bool MakesAccounts => CreateAccounts == "claim";

    /// <summary>The claims and values that make an operator.</summary>
    public IEnumerable<(string Claim, string Value)> OperatorClaims =>
        Parts(OperatorsIf, ',').Select(part => part.Split('=', 2)).Select(pair => (pair[0].Trim(), pair[^1].Trim()));

    /// <summary>The ways of signing in of which one is needed; empty: any.</summary>
    public string[] AmrOfChoice => Parts(RequiredAmr, ' ');

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Authority is null)
        {
            if (PasswordSignIn != Allowed)
                yield return new ValidationResult(
                    "OpenIdConnect:Authority must be set, or nobody could sign in.", [nameof(PasswordSignIn)]);
            yield break;
        }

        if (!Authority.IsAbsoluteUri || Authority.Scheme != Uri.UriSchemeHttps && !IsPlainOnThisMachine(Authority))
            yield return new ValidationResult("Must be a URL with https, such as https://login.example.com.", [nameof(Authority)]);
        if (ClientId.Length == 0)
            yield return new ValidationResult("Must be set with OpenIdConnect:Authority.", [nameof(ClientId)]);
        if (!Parts(Scopes, ' ').Contains("openid", StringComparer.Ordinal))
            yield return new ValidationResult("Must have openid in it.", [nameof(Scopes)]);
        foreach (var part in Parts(OperatorsIf, ',').Where(part => part.Split('=', 2) is not [{ Length: > 0 }, { Length: > 0 }]))
            yield return new ValidationResult($"'{part}' is not of the form claim=value.", [nameof(OperatorsIf)]);
    }

    private static bool IsPlainOnThisMachine(Uri url) => url.Scheme == Uri.UriSchemeHttp
        && (url.Host == "localhost" || IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static string[] Parts(string text, char separator) =>
        text.Split(separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
