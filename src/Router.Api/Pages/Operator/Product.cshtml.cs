using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Api.Management;

namespace Router.Api.Pages.Operator;

/// <summary>One sending system: what its card says, and whether it is on offer to all owners.</summary>
internal sealed class ProductModel(NpgsqlDataSource database, ProductSettings products) : PageModel
{
    [FromRoute(Name = "username")]
    public string Username { get; set; } = "";

    [BindProperty(Name = "description")]
    public string? Description { get; set; }

    public ProductRow Product { get; private set; } = null!;

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken) => await Load(cancellationToken) ? Page() : NotFound();

    public async Task<IActionResult> OnPost(bool offered, CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        // Lines of a text field; the card is one paragraph.
        var description = string.Join(' ', (Description ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        var changed = await products.Change(Username, new ProductFields(description, offered), cancellationToken);
        if (changed.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice(offered ? $"{Product.DisplayName} is on offer: every owner may let it in."
            : $"{Product.DisplayName} is no longer on offer. Sites that let it in keep it.");
        return RedirectToPage();
    }

    private async Task<bool> Load(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (await ProductSettings.Find(connection, Username) is not { } product)
            return false;

        Product = product;
        return true;
    }
}
