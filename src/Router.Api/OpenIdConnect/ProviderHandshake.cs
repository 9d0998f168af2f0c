using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Options;
using Router.Api.Accounts;
using Router.Api.Authentication;
using Router.Hosting.ApiSettings;

namespace Router.Api.OpenIdConnect;

/// <summary>
/// The way there and back. The library checks what comes back (state, nonce, PKCE, issuer, audience, signature, times); this says what
/// follows, and never shows a person its exception.
/// </summary>
internal sealed class ProviderHandshake(
    IOptions<ProviderOptions> options, ProviderSignIns signIns, ProviderSignOut signOut, PagesAddress pages, Sessions sessions,
    TimeZoneChoice zones, AccessLog log) : OpenIdConnectEvents
{
    public override Task RedirectToIdentityProvider(RedirectContext context)
    {
        context.ProtocolMessage.RedirectUri = pages.Of(context.Request, ProviderHosting.CallbackPath);
        if (options.Value.AcrValues.Length > 0)
            context.ProtocolMessage.AcrValues = options.Value.AcrValues;
        return Task.CompletedTask;
    }

    public override async Task TicketReceived(TicketReceivedContext context)
    {
        var http = context.HttpContext;
        var person = ProviderPerson.Of(context.Principal!, options.Value);
        context.HandleResponse();
        // The callback is answered before anybody looks whose session this browser has.
        await http.AuthenticateAsync(SessionCookie.SchemeName);
        var connect = ProviderTrip.AccountToConnect(context.Properties);
        var confirmsSince = ProviderTrip.ConfirmsSince(context.Properties);
        // Who connects was signed in when they went away, and must be still.
        var refusal = connect is not null && http.SignedIn()?.Id != connect ? ProviderRefusals.Failed
            : confirmsSince is { } since && IsTooOld(person, since, mayBeUndated: connect is not null) ? ProviderRefusals.TooOld
            : null;
        if (refusal is not null)
        {
            await Refuse(http, refusal, http.SignedIn()?.Id, context.ReturnUri);
            return;
        }

        var found = await signIns.Find(person, connect, http.RequestAborted);
        if (found.Owner is not { } owner || !await ComeIn(http, owner, person, confirms: confirmsSince is not null))
        {
            await Refuse(http, found.Refusal ?? ProviderRefusals.Disabled, found.Account, context.ReturnUri);
            return;
        }

        signOut.Remember(http, context.Properties?.GetTokenValue("id_token"));
        await zones.Suggest(owner, person.TimeZone, http.RequestAborted);
        http.Response.Redirect(context.ReturnUri ?? "/");
    }

    public override async Task AccessDenied(AccessDeniedContext context)
    {
        context.HandleResponse();
        await Refuse(context.HttpContext, ProviderRefusals.Canceled, account: null, context.ReturnUrl);
    }

    public override async Task RemoteFailure(RemoteFailureContext context)
    {
        context.HandleResponse();
        await Refuse(
            context.HttpContext, IsAbsent(context.Failure) ? ProviderRefusals.Unavailable : ProviderRefusals.Failed, account: null,
            context.Properties?.RedirectUri);
    }

    private async Task<bool> ComeIn(HttpContext http, SessionOwner owner, ProviderPerson person, bool confirms)
    {
        // A session that was open at the provider is no proof of who sits here now: what is confirmed counts from when it has asked,
        // and what it doesn't date confirms nothing.
        if (!confirms || http.SignedIn()?.Id != owner.Id)
        {
            // Whoever connects an account has confirmed that already.
            var before = http.SignedIn() is { } signedIn && signedIn.Id == owner.Id ? signedIn.Session?.ConfirmedAt : null;
            return await sessions.Start(
                http, owner, WaysIn.OpenIdConnect, http.RequestAborted, person.AuthenticatedAt ?? before ?? DateTimeOffset.UnixEpoch);
        }

        await sessions.Confirm(http, WaysIn.OpenIdConnect, http.RequestAborted);
        return true;
    }

    /// <param name="person">Whom the provider lets in.</param>
    /// <param name="since">When it was asked.</param>
    /// <param name="mayBeUndated">Where the account here was confirmed in another way, just before.</param>
    private static bool IsTooOld(ProviderPerson person, DateTimeOffset since, bool mayBeUndated) =>
        person.AuthenticatedAt is { } at ? at < since : !mayBeUndated;

    private async Task Refuse(HttpContext http, string refusal, Guid? account, string? next)
    {
        await http.AuthenticateAsync(SessionCookie.SchemeName);
        await log.Write(
            http, refusal == ProviderRefusals.TooOld ? AccessEvents.NotConfirmed : AccessEvents.Refused, account, WaysIn.OpenIdConnect,
            $"to sign in with the provider ({refusal})", http.RequestAborted);
        http.Response.Redirect(ProviderRefusals.Page(isSignedIn: http.SignedIn() is not null, refusal, next));
    }

    private static bool IsAbsent(Exception? failure) => failure switch
    {
        null => false,
        HttpRequestException or IOException or OperationCanceledException => true,
        _ => IsAbsent(failure.InnerException),
    };
}
