namespace Router.Core.Destinations;

/// <summary>How the router says to a token endpoint who it is (RFC 6749, section 2.3.1).</summary>
public enum OAuthClientAuthentication
{
    /// <summary>Client id and secret in an <c>Authorization: Basic</c> header.</summary>
    Basic,

    /// <summary>Both in the body.</summary>
    Post,
}

/// <summary>The words for it, in <c>destinations.oauth_client_auth</c> and in JSON.</summary>
public static class OAuthClientAuthentications
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<OAuthClientAuthentication> All = Enum.GetValues<OAuthClientAuthentication>();

    private static readonly Dictionary<string, OAuthClientAuthentication> ByText = All.ToDictionary(Text, StringComparer.Ordinal);

    /// <summary>Its word.</summary>
    public static string Text(this OAuthClientAuthentication authentication) => authentication switch
    {
        OAuthClientAuthentication.Basic => "client_secret_basic",
        OAuthClientAuthentication.Post => "client_secret_post",
    };

    /// <summary>That of a word; null when there is none.</summary>
    public static OAuthClientAuthentication? TryParse(string? text) =>
        text is not null && ByText.TryGetValue(text, out var authentication) ? authentication : null;
}

/// <summary>
/// By which a destination's requests get an access token: OAuth 2.0 client credentials (RFC 6749, section 4.4). Two that are equal may use
/// the same token.
/// </summary>
/// <param name="TokenUrl">Where tokens are asked for; null when what is stored is no URL.</param>
/// <param name="ClientId">Who we are there.</param>
/// <param name="ClientSecret">The key to that; null when what is stored can't be decrypted.</param>
/// <param name="Scope">What the token is to be good for; null for what the endpoint gives.</param>
/// <param name="Audience">Whom it is for, where the endpoint wants to know.</param>
/// <param name="Authentication">How the endpoint is told id and secret.</param>
public sealed record OAuthClient(
    Uri? TokenUrl, string ClientId, string? ClientSecret, string? Scope, string? Audience, OAuthClientAuthentication Authentication)
{
    /// <summary>Never the secret.</summary>
    public override string ToString() => nameof(OAuthClient);
}
