using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Api.Management;

namespace Router.Api.Pages.Operator;

/// <summary>One sending system: its card and who may let it in, its passwords, and where it may send from.</summary>
internal sealed class ProductModel(NpgsqlDataSource database, ProductSettings products, PasswordRotation rotation) : PageModel
{
    [FromRoute(Name = "username")]
    public string Username { get; set; } = "";

    [BindProperty(Name = "description")]
    public string? Description { get; set; }

    public ProductRow Product { get; private set; } = null!;

    [BindProperty(Name = "overlap_hours")]
    public int? OverlapHours { get; set; }

    [BindProperty(Name = "networks")]
    public string? Networks { get; set; }

    /// <summary>Shown this once.</summary>
    public ProductCredentials? Made { get; private set; }

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        Made = this.ShownNow<ProductCredentials>();
        return await Load(cancellationToken) ? Page() : NotFound();
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPostRotate(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var made = await rotation.Begin(Username, new NewProductPassword(OverlapHours), cancellationToken);
        if (made.Refusal is { } refusal)
            return this.Refused(refusal);

        this.ShowOnce(made.Made!);
        return RedirectToPage();
    }

    public async Task<IActionResult> OnPostEnd(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        // Pressed twice it is as well.
        await rotation.End(Username, cancellationToken);
        this.Notice("The old password has ended.");
        return RedirectToPage();
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPostNetworks(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var changed = await products.Change(
            Username, new ProductFields(Networks: ProductNetworks.Split(Networks)), cancellationToken);
        if (changed.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice(changed.Made!.Networks.Length == 0 ? $"{Product.DisplayName} may send from anywhere."
            : $"{Product.DisplayName} may send from {string.Join(", ", changed.Made.Networks)} and nowhere else.");
        return RedirectToPage();
    }

    [ConfirmFirst]
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
