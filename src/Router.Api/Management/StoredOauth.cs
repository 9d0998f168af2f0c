using Router.Api.Changes;
using Router.Core.Destinations;

namespace Router.Api.Management;

/// <summary>By which a destination's requests get a token, as its row has it: the secret encrypted; all null for nothing.</summary>
internal sealed record StoredOauth(
    string? OauthTokenUrl, string? OauthClientId, string? OauthClientSecret, string? OauthScope, string? OauthAudience,
    string? OauthClientAuth)
{
    public const string Columns =
        "oauth_token_url, oauth_client_id, oauth_client_secret, oauth_scope, oauth_audience, oauth_client_auth";

    public static readonly StoredOauth None = new(null, null, null, null, null, null);

    /// <summary>
    /// Changed as is asked for. Refused without a secret, for a new one or one that would go to another server than it was entered for.
    /// </summary>
    public Change<StoredOauth> With(OauthFields? change, SecretProtection secrets, NetworkGuard guard)
    {
        if (change is null)
            return this;
        if (change.IsNone)
            return None;

        var problems = new FieldProblems();
        problems.RequireDestinationUrl("oauth.token_url", change.TokenUrl, guard);
        problems.RequireText("oauth.client_id", change.ClientId, most: 500);
        problems.CheckText("oauth.scope", change.Scope, most: 1000);
        problems.CheckText("oauth.audience", change.Audience, most: 1000);
        var authentication = change.ClientAuth ?? OAuthClientAuthentication.Basic.Text();
        if (OAuthClientAuthentications.TryParse(authentication) is null)
            problems.Add("oauth.client_auth", "'oauth.client_auth' must be client_secret_basic or client_secret_post.");
        if (change.ClientSecret is not null || OauthClientSecret is null)
            problems.RequireText("oauth.client_secret", change.ClientSecret, most: 500);
        else if (change.TokenUrl is not null && !Servers.AreSame(change.TokenUrl, OauthTokenUrl!))
            problems.Add(
                "oauth.client_secret", "The token URL is another server, and the client secret must not go there: enter it again.");
        if (problems.Any)
            return Refusal.Invalid(problems);

        return new StoredOauth(
            change.TokenUrl, change.ClientId, change.ClientSecret is { } secret ? secrets.Protect(secret) : OauthClientSecret,
            Given(change.Scope), Given(change.Audience), authentication);
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
