using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Router.Core.Intake;

namespace Router.Api.Pages.Operator;

/// <summary>What products sent and we refused, by reason.</summary>
internal sealed class RefusedModel(RefusedCounts counts) : PageModel
{
    public const int Most = 200;

    [BindProperty(Name = "product", SupportsGet = true)]
    public string? Product { get; set; }

    public IReadOnlyList<RefusedCount> Rows { get; private set; } = [];

    public async Task OnGet(CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(Product))
            Product = null;
        Rows = await counts.List(Product, Most, cancellationToken);
    }
}
