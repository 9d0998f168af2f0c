using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace Router.Api.Authentication;

/// <summary>
/// Recognizes a browser in which an account has signed in before, by a cookie that says so, encrypted. Wrong passwords from such a browser
/// are counted by themselves: strangers who guess can't lock the account's own people out.
/// </summary>
internal sealed class KnownBrowsers(IDataProtectionProvider protection, TimeProvider time)
{
    public const string CookieName = "lead_router_browser";

    private const int MostAccounts = 8;

    private static readonly TimeSpan Lasts = TimeSpan.FromDays(180);

    private readonly ITimeLimitedDataProtector _protector = protection.CreateProtector("known-browser").ToTimeLimitedDataProtector();

    private sealed record Known(Guid Browser, Guid[] Accounts);

    /// <summary>The browser's id, if the account has signed in with it; else null.</summary>
    public Guid? Find(HttpContext http, Guid account) =>
        Read(http) is { } known && known.Accounts.Contains(account) ? known.Browser : null;

    /// <summary>The account that was the latest to sign in with this browser; null where none has.</summary>
    public Guid? LatestAccount(HttpContext http) => Read(http) is { Accounts: [var latest, ..] } ? latest : null;

    /// <summary>For half a year, counted from the account's latest sign-in.</summary>
    public void Remember(HttpContext http, Guid account)
    {
        var known = Read(http) ?? new Known(Guid.CreateVersion7(time.GetUtcNow()), []);
        Guid[] accounts = [account, .. known.Accounts.Where(other => other != account).Take(MostAccounts - 1)];
        http.Response.Cookies.Append(
            CookieName, _protector.Protect(JsonSerializer.Serialize(known with { Accounts = accounts }), Lasts),
            new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax, IsEssential = true, MaxAge = Lasts });
    }

    private Known? Read(HttpContext http)
    {
        if (http.Request.Cookies[CookieName] is not { Length: > 0 and < 4_000 } text)
            return null;

        try
        {
            return JsonSerializer.Deserialize<Known>(_protector.Unprotect(text));
        }
        catch (CryptographicException)
        {
            // Too old, or not ours.
            return null;
        }
    }
}
