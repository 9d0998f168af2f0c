namespace Router.Api.Authentication;

/// <summary>How somebody signed in, or confirmed who they are; values of <c>sessions.how</c>.</summary>
internal static class WaysIn
{
    public const string Password = "password";

    /// <summary>With the one-time link that lets an account choose a password.</summary>
    public const string Invitation = "invitation";

    public const string Passkey = "passkey";

    /// <summary>At another system, by OpenID Connect.</summary>
    public const string OpenIdConnect = "oidc";
}
