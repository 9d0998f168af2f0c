using System.Globalization;
using Microsoft.AspNetCore.Authentication;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Router.Api.OpenIdConnect;

/// <summary>
/// What somebody goes to the provider for. The state that goes there and comes back holds it, encrypted and bound to the browser.
/// </summary>
/// <param name="Return">The page that is next; a path of ours.</param>
/// <param name="Connect">The account, signed in now, that is to be connected with whoever comes back.</param>
/// <param name="Confirms">Whether the provider must ask anew who it is.</param>
internal sealed record ProviderTrip(string Return, Guid? Connect = null, bool Confirms = false)
{
    private const string ConnectKey = "connect";
    private const string ConfirmsKey = "confirms-since";

    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    public AuthenticationProperties ToProperties(DateTimeOffset now)
    {
        var properties = new AuthenticationProperties { RedirectUri = Return };
        if (Connect is { } account)
            properties.Items[ConnectKey] = account.ToString("D");
        // Whoever sits at this browser must not be able to use a session there that somebody else has left open.
        if (Connect is not null || Confirms)
        {
            properties.SetParameter(OpenIdConnectParameterNames.Prompt, OpenIdConnectPrompt.Login);
            // One second: some providers take 0 for no number. With it they must say when they asked.
            properties.SetParameter<TimeSpan?>(OpenIdConnectParameterNames.MaxAge, TimeSpan.FromSeconds(1));
            properties.Items[ConfirmsKey] = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        }

        return properties;
    }

    public static Guid? AccountToConnect(AuthenticationProperties? properties) =>
        properties?.Items.TryGetValue(ConnectKey, out var account) is true && Guid.TryParse(account, out var id) ? id : null;

    /// <summary>Since when the provider must have asked who it is; null where it need not have.</summary>
    public static DateTimeOffset? ConfirmsSince(AuthenticationProperties? properties) =>
        properties?.Items.TryGetValue(ConfirmsKey, out var since) is true && long.TryParse(since, CultureInfo.InvariantCulture, out var at)
            ? DateTimeOffset.FromUnixTimeSeconds(at) - ClockSkew : null;
}
