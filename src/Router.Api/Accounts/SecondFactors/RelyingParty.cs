using System.Net;
using Fido2NetLib;
using Microsoft.Extensions.Options;
using Router.Core.Alerts;

namespace Router.Api.Accounts.SecondFactors;

/// <summary>
/// Whom passkeys are for: the host of <c>Alerts:PagesUrl</c>. Never what a request says of itself: a passkey is worth so much because a
/// page elsewhere can't ask for it.
/// </summary>
internal sealed class RelyingParty
{
    public RelyingParty(IOptions<AlertOptions> alerts)
    {
        Pages = alerts.Value.PagesUrl;
        Problem = ProblemOf(Pages);
        if (Problem is null)
            Fido2 = new Fido2(new Fido2Configuration
            {
                RPID = Pages!.IdnHost, RPName = "Lead router",
                Origins = new HashSet<string>(StringComparer.Ordinal) { Pages.GetLeftPart(UriPartial.Authority) },
            });
    }

    /// <summary>Where people open the pages; null where nobody has said it.</summary>
    public Uri? Pages { get; }

    /// <summary>Why there are no passkeys here, in a sentence for people; null where there are.</summary>
    public string? Problem { get; }

    /// <summary>Null where there are none.</summary>
    public IFido2? Fido2 { get; }

    // What browsers ask for, too, and say less well.
    private static string? ProblemOf(Uri? pages) => pages switch
    {
        null => "Passkeys belong to the address of these pages, and this router doesn't know it: an operator has to set Alerts:PagesUrl.",
        _ when IPAddress.TryParse(pages.IdnHost, out _) =>
            "Passkeys need a host name, and Alerts:PagesUrl has an IP address: an operator has to change it.",
        { Scheme: not "https", IdnHost: not "localhost" } =>
            "Passkeys need https, and Alerts:PagesUrl begins with http: an operator has to change it.",
        _ => null,
    };
}
