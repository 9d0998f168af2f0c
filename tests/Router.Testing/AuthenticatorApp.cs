using System.Net;
using System.Text.RegularExpressions;
using OtpNet;

namespace Router.Testing;

/// <summary>Somebody's app that makes codes (TOTP), set up on the pages as a person does it.</summary>
public sealed class AuthenticatorApp
{
    public const string SetupPath = "/account/second-factor/app";

    private readonly Totp _totp;

    /// <param name="secret">As the page shows it.</param>
    public AuthenticatorApp(string secret)
    {
        Secret = secret.Replace(" ", "", StringComparison.Ordinal);
        _totp = new Totp(Base32Encoding.ToBytes(Secret));
    }

    public string Secret { get; }

    /// <summary>What the app shows now, or so many steps of 30 seconds later.</summary>
    public string Code(int steps = 0) => _totp.ComputeTotp(TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(30 * steps));

    /// <summary>The app that the page offers.</summary>
    public static AuthenticatorApp Scan(Browsed setup) =>
        new(WebUtility.HtmlDecode(Regex.Match(setup.Html, "<pre class=\"copy\"[^>]*>([^<]*)</pre>").Groups[1].Value));

    /// <summary>Of whoever is signed in there; and the page that comes after it, with the recovery codes.</summary>
    public static async Task<(AuthenticatorApp App, Browsed Page)> SetUp(Browserless browser)
    {
        var setup = await browser.Get(SetupPath);
        var app = Scan(setup);
        return (app, await browser.Submit(setup, "Confirm", ("code", app.Code())));
    }
}
