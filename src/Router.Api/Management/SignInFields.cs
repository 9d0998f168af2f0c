using Router.Core.Destinations;

namespace Router.Api.Management;

/// <summary>By which requests get an access token (OAuth 2.0 client credentials); an empty object takes it away.</summary>
/// <param name="TokenUrl">Where tokens are asked for: https, on the public internet, like the destination's own URL.</param>
/// <param name="ClientId">Who we are there.</param>
/// <param name="ClientSecret">
/// The key to that, 500 characters at most; never shown again. Absent: what is stored stays, unless the token URL is another server.
/// </param>
/// <param name="Scope">What the token is to be good for; absent for what the endpoint gives.</param>
/// <param name="Audience">Whom it is for, where the endpoint wants to know.</param>
/// <param name="ClientAuth"><c>client_secret_basic</c> (default) or <c>client_secret_post</c>.</param>
internal sealed record OauthFields(
    string? TokenUrl = null, string? ClientId = null, string? ClientSecret = null, string? Scope = null, string? Audience = null,
    string? ClientAuth = null)
{
    /// <summary>Whether it takes away what is there.</summary>
    internal bool IsNone => this == new OauthFields();
}

/// <summary>The same as people see it.</summary>
/// <param name="TokenUrl">Where tokens are asked for.</param>
/// <param name="ClientId">Who we are there.</param>
/// <param name="Scope">What the token is to be good for; null for what the endpoint gives.</param>
/// <param name="Audience">Whom it is for; null where the endpoint isn't told.</param>
/// <param name="ClientAuth"><c>client_secret_basic</c> or <c>client_secret_post</c>.</param>
internal sealed record Oauth(string TokenUrl, string ClientId, string? Scope, string? Audience, string ClientAuth);

/// <summary>What connections present (mTLS); an empty object takes it away.</summary>
/// <param name="Chain">
/// PEM of the certificate and of those between it and its authority: 10 certificates and 65,536 characters at most.
/// </param>
/// <param name="PrivateKey">PEM of its key, RSA or EC, not encrypted, 16,384 characters at most; never shown again.</param>
internal sealed record ClientCertificateFields(string? Chain = null, string? PrivateKey = null)
{
    /// <summary>Whether it takes away what is there.</summary>
    internal bool IsNone => this == new ClientCertificateFields();
}

/// <summary>The same as people see it.</summary>
/// <param name="Subject">Whom it names.</param>
/// <param name="Issuer">The authority that signed it.</param>
/// <param name="ExpiresAt">When it runs out.</param>
/// <param name="Sha256">Its fingerprint: SHA-256 as lowercase hex.</param>
internal sealed record ShownCertificate(string Subject, string Issuer, DateTimeOffset ExpiresAt, string Sha256)
{
    /// <summary>Whether people should get a new one.</summary>
    internal bool RunsOutSoon(DateTimeOffset now) => ExpiresAt < now + ClientCertificate.Notice;
}
