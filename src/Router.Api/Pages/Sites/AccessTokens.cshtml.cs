using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Management;
using Router.Core.Destinations;

namespace Router.Api.Pages.Sites;

/// <summary>By which a destination's requests get an access token: OAuth 2.0 client credentials.</summary>
internal sealed class AccessTokensModel(NpgsqlDataSource database, DestinationSettings settings) : SignInPage(database, settings)
{
    [BindProperty(Name = "oauth.token_url")]
    public string? TokenUrl { get; set; }

    [BindProperty(Name = "oauth.client_id")]
    public string? ClientId { get; set; }

    [BindProperty(Name = "oauth.client_secret")]
    public string? ClientSecret { get; set; }

    [BindProperty(Name = "oauth.scope")]
    public string? Scope { get; set; }

    [BindProperty(Name = "oauth.audience")]
    public string? Audience { get; set; }

    [BindProperty(Name = "oauth.client_auth")]
    public string? ClientAuth { get; set; }

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        if (Destination.Oauth is { } oauth)
            (TokenUrl, ClientId, Scope, Audience, ClientAuth) =
                (oauth.TokenUrl, oauth.ClientId, oauth.Scope, oauth.Audience, oauth.ClientAuth);
        return Page();
    }

    [ConfirmFirst]
    public Task<IActionResult> OnPost(CancellationToken cancellationToken) => Change(
        new DestinationFields(Oauth: new OauthFields(
            TokenUrl?.Trim() ?? "", ClientId?.Trim() ?? "", string.IsNullOrWhiteSpace(ClientSecret) ? null : ClientSecret.Trim(),
            Scope?.Trim(), Audience?.Trim(), ClientAuth ?? OAuthClientAuthentication.Basic.Text())),
        "Each request carries an access token from now on. Send a test lead, to see that it is accepted.", cancellationToken);

    [ConfirmFirst]
    public Task<IActionResult> OnPostRemove(CancellationToken cancellationToken) => Change(
        new DestinationFields(Oauth: new OauthFields()), "Requests carry no access token any more.", cancellationToken);
}
