using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Router.Api.Authentication;
using Router.Hosting.ApiSettings;

namespace Router.Api.OpenIdConnect;

/// <summary>Signing in at an OpenID Connect provider: authorization code with PKCE, state and nonce.</summary>
internal static class ProviderHosting
{
    public const string SchemeName = "Provider";

    /// <summary>Where the provider sends browsers back to: to be registered there.</summary>
    public const string CallbackPath = "/sign-in/from-provider";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static void AddProvider(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<PagesAddress>();
        services.AddSingleton<ProviderHandshake>();
        services.AddSingleton<ProviderPresence>();
        services.AddSingleton<ProviderSignIns>();
        services.AddSingleton<ProviderSignOut>();
        services.AddSingleton<ProviderLogins>();
        // Without a provider there is no scheme that each request would be offered to.
        if (string.IsNullOrEmpty(configuration["OpenIdConnect:Authority"]))
            return;

        services.AddAuthentication().AddOpenIdConnect(SchemeName, displayName: null, _ => { });
        services.AddOptions<OpenIdConnectOptions>(SchemeName).Configure<IOptions<ProviderOptions>>(Configure);
    }

    // What the provider says of itself is fetched when the first person goes there, so this start needs no provider.
    private static void Configure(OpenIdConnectOptions handshake, IOptions<ProviderOptions> options)
    {
        var provider = options.Value;
        handshake.Authority = provider.Authority!.AbsoluteUri.TrimEnd('/');
        handshake.RequireHttpsMetadata = provider.Authority.Scheme == Uri.UriSchemeHttps;
        handshake.ClientId = provider.ClientId;
        handshake.ClientSecret = provider.ClientSecret.Length > 0 ? provider.ClientSecret : null;
        handshake.CallbackPath = CallbackPath;
        // A sign-out begins here: what the library would take for one that began there anybody could send.
        handshake.RemoteSignOutPath = PathString.Empty;
        handshake.SignedOutCallbackPath = PathString.Empty;
        handshake.SignInScheme = SessionCookie.SchemeName;
        handshake.BackchannelTimeout = Patience;
        handshake.Scope.Clear();
        foreach (var scope in provider.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            handshake.Scope.Add(scope);

        handshake.ResponseType = OpenIdConnectResponseType.Code;
        // Not by a form of the provider's: our cookies come with links, not with forms of others.
        handshake.ResponseMode = OpenIdConnectResponseMode.Query;
        handshake.UsePkce = true;
        handshake.DisableTelemetry = true;
        handshake.MapInboundClaims = false;
        handshake.ClaimActions.Clear();
        // For this request alone: the ID token goes into a cookie for the sign-out, the others nowhere.
        handshake.SaveTokens = true;
        foreach (var (cookie, name) in new[] { (handshake.CorrelationCookie, "handshake"), (handshake.NonceCookie, "nonce") })
        {
            cookie.Name = $"lead_router_{name}.";
            cookie.SameSite = SameSiteMode.Lax;
            // The cookie policy of all pages says when they are secure.
            cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        }

        handshake.EventsType = typeof(ProviderHandshake);
    }
}
