using Microsoft.AspNetCore.Mvc.RazorPages;
using Router.Core.Deliveries;

namespace Router.Api.Pages.Operator;

/// <summary>All destinations of all sites that fail, are paused or have deliveries on hold.</summary>
internal sealed class FailingModel(TroubledDestinations troubled) : PageModel
{
    public const int Most = 1_000;

    public IReadOnlyList<TroubledDestination> Failing { get; private set; } = [];

    public async Task OnGet(CancellationToken cancellationToken) =>
        Failing = (await troubled.List(sites: null, Most, cancellationToken)).FindAll(row => !row.IsWell);
}
