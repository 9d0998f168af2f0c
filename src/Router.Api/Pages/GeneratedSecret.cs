using Router.Core.Destinations;

namespace Router.Api.Pages;

/// <summary>
/// What the button "Generate a secret" fills in. The form brings it along, hidden, so that sending the same form again, as a reload does,
/// fills in the same one: somebody may have copied it already.
/// </summary>
internal static class GeneratedSecret
{
    public static string Of(string? brought) =>
        brought is not null && WebhookSecret.TryDecode(brought, out _) ? brought : WebhookSecret.Generate();
}
