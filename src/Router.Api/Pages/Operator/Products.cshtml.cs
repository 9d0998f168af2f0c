using Dapper;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Api.Changes;
using Router.Api.Management;

namespace Router.Api.Pages.Operator;

/// <summary>The sending systems. A password is shown once, by the page after the one that made it.</summary>
internal sealed class ProductsModel(NpgsqlDataSource database, ProductSettings products) : PageModel
{
    private const int PageSize = 50;

    [BindProperty(Name = "find", SupportsGet = true)]
    public string? Find { get; set; }

    [BindProperty(Name = "after", SupportsGet = true)]
    public string? After { get; set; }

    [BindProperty(Name = "username")]
    public string? Username { get; set; }

    [BindProperty(Name = "display_name")]
    public string? DisplayName { get; set; }

    [BindProperty(Name = "is_lead_manager")]
    public bool IsLeadManager { get; set; }

    public IReadOnlyList<ProductCard> Rows { get; private set; } = [];

    public string? Next { get; private set; }

    /// <summary>Shown this once.</summary>
    public ProductCredentials? Made { get; private set; }

    internal sealed record ProductCard(string Username, string DisplayName, bool IsLeadManager, bool Offered, int Sites, long Refused);

    public async Task OnGet(CancellationToken cancellationToken)
    {
        Made = this.ShownNow<ProductCredentials>();
        await Load(cancellationToken);
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPostCreate(CancellationToken cancellationToken) => await Show(
        await products.Create(new NewProduct(Username?.Trim(), DisplayName?.Trim(), IsLeadManager), cancellationToken), cancellationToken);

    [ConfirmFirst]
    public async Task<IActionResult> OnPostPassword([FromForm(Name = "of")] string of, CancellationToken cancellationToken) =>
        await Show(await products.NewPassword(of, cancellationToken), cancellationToken);

    private async Task<IActionResult> Show(Change<ProductCredentials> change, CancellationToken cancellationToken)
    {
        if (change.Refusal is { } refusal)
        {
            await Load(cancellationToken);
            return this.Refused(refusal, "username");
        }

        this.ShowOnce(change.Made!);
        return RedirectToPage(new { find = Find, after = After });
    }

    private async Task Load(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // How many sites, not which: a Lead Manager sends for all of them.
        var rows = await connection.QueryAsync<ProductCard>(
            """
            select p.username, p.display_name, p.is_lead_manager, p.offered,
                   (select count(*) from product_sites s where s.product = p.username)::int as sites,
                   (select coalesce(sum(r.count), 0) from refused_requests r
                    where r.product = p.username and r.hour > now() - interval '24 hours')::bigint as refused
            from products p
            where (@Find is null or strpos(lower(p.username), lower(@Find)) > 0 or strpos(lower(p.display_name), lower(@Find)) > 0)
              and (@After is null or p.username > @After)
            order by p.username limit @PageSize + 1
            """, new { Find = string.IsNullOrWhiteSpace(Find) ? null : Find.Trim(), After, PageSize });
        (Rows, Next) = Page<ProductCard>.Of(rows.AsList(), PageSize, row => row.Username);
    }
}
