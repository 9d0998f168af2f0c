using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Router.Api.Authentication;
using Router.Hosting.ApiSettings;

namespace Router.Api.OpenIdConnect;

/// <summary>
/// Signs somebody out at the provider, too, where it takes that. For that it wants the ID token back: until then nobody has it but the
/// browser, encrypted and for the page of the sign-out alone.
/// </summary>
internal sealed partial class ProviderSignOut(
    IOptions<ProviderOptions> options, IOptionsMonitor<OpenIdConnectOptions> handshake, IDataProtectionProvider protection,
    PagesAddress pages, ILogger<ProviderSignOut> logger)
{
    private const string CookieName = "lead_router_provider";
    private const string Path = "/sign-out";

    // A cookie of more than 4096 bytes is not kept. Without the token the provider asks whether it is meant.
    private const int Most = 3_600;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly IDataProtector _protector = protection.CreateProtector("provider-id-token");

    private static CookieOptions Cookie => new() { Path = Path, HttpOnly = true, SameSite = SameSiteMode.Lax, IsEssential = true };

    /// <summary>That this browser's session came from the provider.</summary>
    public void Remember(HttpContext http, string? idToken)
    {
        var kept = _protector.Protect(idToken ?? "");
        http.Response.Cookies.Append(CookieName, kept.Length <= Most ? kept : _protector.Protect(""), Cookie);
    }

    /// <summary>The page of the provider that ends its session; null where it has none, or where the session didn't come from it.</summary>
    public async Task<Uri?> Take(HttpContext http)
    {
        if (!options.Value.IsSet || http.Request.Cookies[CookieName] is not { } kept)
            return null;

        http.Response.Cookies.Delete(CookieName, Cookie);
        string token;
        try
        {
            token = _protector.Unprotect(kept);
        }
        catch (CryptographicException)
        {
            return null;
        }

        if (await EndSession() is not { Length: > 0 } endpoint)
            return null;
        var message = new OpenIdConnectMessage
        {
            IssuerAddress = endpoint, ClientId = options.Value.ClientId, PostLogoutRedirectUri = pages.Of(http.Request, "/sign-in"),
            EnableTelemetryParameters = false,
        };
        if (token.Length > 0)
            message.IdTokenHint = token;
        return new Uri(message.CreateLogoutRequestUrl());
    }

    private async Task<string?> EndSession()
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            return (await handshake.Get(ProviderHosting.SchemeName).ConfigurationManager!.GetConfigurationAsync(limit.Token))
                .EndSessionEndpoint;
        }
        catch (Exception absent) when (
            absent is InvalidOperationException or HttpRequestException or IOException or OperationCanceledException)
        {
            LogAbsent(logger, absent.GetType().Name);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "Somebody was signed out here, but not at the provider, which does not answer ({Exception})")]
    private static partial void LogAbsent(ILogger logger, string exception);
}
