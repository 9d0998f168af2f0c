using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Router.Api.Authentication;

namespace Router.Api.Accounts.SecondFactors;

/// <summary>Somebody whose password was right, and whose second factor isn't known yet.</summary>
/// <param name="Owner">Whose session it will be.</param>
/// <param name="How">How the first step was made: one of <see cref="WaysIn"/>.</param>
/// <param name="Return">Where to go afterwards.</param>
/// <param name="TimeZone">What the browser said.</param>
internal sealed record SecondStep(SessionOwner Owner, string How, string Return, string? TimeZone);

/// <summary>
/// What comes between a right password and a session. It is kept in a cookie of its own, encrypted and for ten minutes, which only the page
/// of the second step reads: nobody is signed in with it.
/// </summary>
internal sealed class SecondSteps(FactorsOfAccount factors, Sessions sessions, TimeZoneChoice zones, IDataProtectionProvider protection)
{
    public const string Path = "/sign-in/second-step";

    private const string Cookie = "lead_router_second_step";

    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(10);

    // A path to return to may be long.
    private static readonly ChunkingCookieManager Cookies = new();

    private readonly ITimeLimitedDataProtector _protector = protection.CreateProtector("second-step").ToTimeLimitedDataProtector();

    /// <summary>After the first step: where to go. Null when the account was disabled or its password changed meanwhile.</summary>
    public async Task<string?> Begin(HttpContext http, SecondStep step, CancellationToken cancellationToken)
    {
        if (!await factors.Any(step.Owner.Id, cancellationToken))
            return await Start(http, step, cancellationToken);

        Cookies.AppendResponseCookie(http, Cookie, _protector.Protect(JsonSerializer.Serialize(step), Lasts), Options());
        return Path;
    }

    /// <summary>Whose second step this is; null when nobody has made the first one, or too long ago.</summary>
    public SecondStep? Find(HttpContext http)
    {
        try
        {
            return Cookies.GetRequestCookie(http, Cookie) is { } kept
                ? JsonSerializer.Deserialize<SecondStep>(_protector.Unprotect(kept)) : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Begins the session. Where to go; null when the account was disabled or its password changed meanwhile.</summary>
    public async Task<string?> Start(HttpContext http, SecondStep step, CancellationToken cancellationToken)
    {
        Forget(http);
        if (!await sessions.Start(http, step.Owner, step.How, cancellationToken))
            return null;

        await zones.Suggest(step.Owner, step.TimeZone, cancellationToken);
        return step.Return;
    }

    public static void Forget(HttpContext http) => Cookies.DeleteCookie(http, Cookie, Options());

    private static CookieOptions Options() =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/sign-in", MaxAge = Lasts };
}
