using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using QRCoder;
using Router.Api.Accounts.SecondFactors;

namespace Router.Api.Pages.YourAccount;

/// <summary>Shows a new secret, as a picture and as text, until a code of the app confirms that it is there.</summary>
[WithoutSecondFactor]
[EnableRateLimiting(SignInRateLimit.Policy)]
internal sealed class AuthenticatorAppModel(AuthenticatorApps apps) : PageModel
{
    /// <summary>The secret that was shown, encrypted.</summary>
    [BindProperty(Name = "state")]
    public string? State { get; set; }

    [BindProperty(Name = "code")]
    public string? Code { get; set; }

    /// <summary>Where whoever was led here wanted to go.</summary>
    [BindProperty(Name = "return", SupportsGet = true)]
    public string? Return { get; set; }

    public AppSetup Setup { get; private set; } = null!;

    /// <summary>An SVG without styles, which the content security policy wouldn't allow.</summary>
    public string QrCode
    {
        get
        {
            using var data = QRCodeGenerator.GenerateQrCode(Setup.Uri, QRCodeGenerator.ECCLevel.M);
            using var svg = new SvgQRCode(data);
            return svg.GetGraphic(1, "#000000", "#ffffff", drawQuietZones: true, SvgQRCode.SizingMode.ViewBoxAttribute);
        }
    }

    [ConfirmFirst]
    public void OnGet() => Setup = apps.NewSetup();

    [ConfirmFirst]
    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        var confirmed = await apps.Confirm(State, Code, cancellationToken);
        if (confirmed.Refusal is { } refusal)
        {
            Setup = apps.SameSetup(State) ?? apps.NewSetup();
            return this.Refused(refusal);
        }

        return this.SetUp("The authenticator app is set up.", confirmed.Made!, Return);
    }
}
