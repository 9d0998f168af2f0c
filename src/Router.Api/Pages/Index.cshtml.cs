using Dapper;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Api.Authentication;
using Router.Core.Deliveries;

namespace Router.Api.Pages;

/// <summary>My sites: the owner's own, all of them for an operator. Somebody with one site is taken there.</summary>
internal sealed class IndexModel(NpgsqlDataSource database, TroubledDestinations troubled, Attention attention) : PageModel
{
    private const int Most = 100;
    private const int MostShown = 20;

    [BindProperty(Name = "find", SupportsGet = true)]
    public string? Find { get; set; }

    /// <summary>Of all sites that are an owner's own. Operators have a page for it.</summary>
    public IReadOnlyList<AttentionItem> Attention { get; private set; } = [];

    public IReadOnlyList<SiteCard> Sites { get; private set; } = [];

    public bool HasMore { get; private set; }

    internal sealed record SiteCard(Guid Id, string Name, string Domain, int Active);

    /// <summary>By site: its destinations that need somebody.</summary>
    public ILookup<Guid, TroubledDestination> Troubled { get; private set; } = null!;

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        var account = HttpContext.Account();
        if (!account.IsOperator && account.Sites is [var only])
            return Redirect($"/sites/{only}");

        var rows = await Cards(account, cancellationToken);
        (Sites, HasMore) = rows.Count > Most ? (rows[..Most], true) : (rows, false);
        if (!account.IsOperator)
            Attention = await attention.Of(account.Sites, MostShown, cancellationToken);
        Troubled = (await troubled.List(Sites.Select(site => site.Id).ToList(), Operator.FailingModel.Most, cancellationToken))
            .ToLookup(row => row.SiteId);
        return Page();
    }

    private async Task<List<SiteCard>> Cards(Account account, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<SiteCard>(
            """
            select s.id, s.name, s.domain,
                   (select count(*) from destinations d where d.site_id = s.id and d.active)::int as active
            from sites s
            where (@IsOperator or s.id = any (@Sites))
              and (@Find is null or strpos(lower(s.name), lower(@Find)) > 0 or strpos(lower(s.domain), lower(@Find)) > 0
                   or s.id::text = lower(@Find))
            order by lower(s.name), s.id limit @Most + 1
            """, new { account.IsOperator, account.Sites, Find = string.IsNullOrWhiteSpace(Find) ? null : Find.Trim(), Most })).AsList();
    }
}
