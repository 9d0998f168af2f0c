using Dapper;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Api.Management;

namespace Router.Api.Pages.Operator;

/// <summary>All sites by name, or those that fit.</summary>
internal sealed class SitesModel(NpgsqlDataSource database) : PageModel
{
    private const int PageSize = 50;

    [BindProperty(Name = "find", SupportsGet = true)]
    public string? Find { get; set; }

    [BindProperty(Name = "after", SupportsGet = true)]
    public Guid? After { get; set; }

    public IReadOnlyList<SiteRow> Rows { get; private set; } = [];

    public string? Next { get; private set; }

    internal sealed record SiteRow(Guid Id, string Name, string Domain, bool RequireProven, int Destinations, int Owners, int Products);

    public async Task OnGet(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // Counted for the rows of one page, after it was found.
        var rows = await connection.QueryAsync<SiteRow>(
            """
            select s.id, s.name, s.domain, s.require_proven,
                   (select count(*) from destinations d where d.site_id = s.id and d.active)::int as destinations,
                   (select count(*) from account_sites a where a.site_id = s.id and a.role = 'owner')::int as owners,
                   (select count(*) from product_sites p where p.site_id = s.id)::int as products
            from (
                select id, name, domain, require_proven from sites
                where (@Find is null or strpos(lower(name), lower(@Find)) > 0 or strpos(lower(domain), lower(@Find)) > 0 or id::text = @Id)
                  and (@After is null or (lower(name), id) > (select lower(name), id from sites where id = @After))
                order by lower(name), id limit @PageSize + 1) s
            order by lower(s.name), s.id
            """,
            new { Find = string.IsNullOrWhiteSpace(Find) ? null : Find.Trim(), Id = Guid.TryParse(Find, out var id) ? id.ToString("D")
                : null, After, PageSize });
        (Rows, Next) = Page<SiteRow>.Of(rows.AsList(), PageSize, row => row.Id.ToString("D"));
    }
}
