using Microsoft.Extensions.Options;
using Router.Core.Alerts;

namespace Router.Api.OpenIdConnect;

/// <summary>
/// Where people open the pages: as <c>Alerts:PagesUrl</c> has it, or else as the browser does, which a proxy that passes its host on
/// tells us.
/// </summary>
internal sealed class PagesAddress(IOptions<AlertOptions> alerts)
{
    public string Of(HttpRequest request, string path) =>
        (alerts.Value.PagesUrl?.AbsoluteUri.TrimEnd('/') ?? $"{request.Scheme}://{request.Host}{request.PathBase}") + path;
}
