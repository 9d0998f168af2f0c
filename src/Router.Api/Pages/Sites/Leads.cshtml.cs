using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Management;
using Router.Core.Leads;
using Router.Core.Retention;
using Router.Core.Search;

namespace Router.Api.Pages.Sites;

/// <summary>A site's leads, one row for each, and how each fares at every destination. Owners find them by who they are.</summary>
internal sealed class LeadsModel(NpgsqlDataSource database, LeadSearch search, IOptions<RetentionOptions> retention) : SitePage(database)
{
    private const int PageSize = 50;

    [BindProperty(Name = "q", SupportsGet = true)]
    public string? Text { get; set; }

    [BindProperty(Name = "after", SupportsGet = true)]
    public Guid? After { get; set; }

    public IReadOnlyList<FoundLead> Rows { get; private set; } = [];

    public string? Next { get; private set; }

    public bool MaySeeWho => HttpContext.Account().Owns(SiteId);

    public bool IsId => Uuids.TryParse(Text, out _);

    public int DaysKept => (int)retention.Value.BodiesAfter.TotalDays;

    public async Task OnGet(CancellationToken cancellationToken)
    {
        var page = Page<FoundLead>.Of(
            await search.Newest(SiteId, Text, MaySeeWho, After, PageSize + 1, cancellationToken), PageSize,
            lead => lead.LeadId.ToString("N"));
        (Rows, Next) = (page.Items, page.Next);
    }

    /// <summary>The query of this search, on another page.</summary>
    public string Query(string after) => QueryString.Create(
        new Dictionary<string, string?>(StringComparer.Ordinal) { ["q"] = Text, ["after"] = after }
        .Where(pair => !string.IsNullOrEmpty(pair.Value))).Value ?? "";
}
