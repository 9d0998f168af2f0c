using Microsoft.AspNetCore.Mvc.RazorPages;
using Router.Core.Deliveries;

namespace Router.Api.Pages.Operator;

/// <summary>All failing destinations of all sites.</summary>
internal sealed class FailingModel(TroubledDestinations troubled) : PageModel
{
    public const int Most = 1_000;

    public IReadOnlyList<TroubledDestination> Failing { get; private set; } = [];

    public async Task OnGet(CancellationToken cancellationToken) =>
        Failing = (await troubled.List(site: null, Most, cancellationToken)).FindAll(row => row.FailingSince is not null);
}
