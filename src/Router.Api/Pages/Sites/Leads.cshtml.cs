using System.Runtime.CompilerServices;
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
    private const int CsvPage = 500;

    [BindProperty(Name = "q", SupportsGet = true)]
    public string? Text { get; set; }

    [BindProperty(Name = "after", SupportsGet = true)]
    public Guid? After { get; set; }

    public IReadOnlyList<FoundLead> Rows { get; private set; } = [];

    public string? Next { get; private set; }

    public bool IsId => Uuids.TryParse(Text, out _);

    public int DaysKept => (int)retention.Value.BodiesAfter.TotalDays;

    public async Task OnGet(CancellationToken cancellationToken)
    {
        var page = Page<FoundLead>.Of(
            await search.Newest(SiteId, Text, MaySeeLeads, After, PageSize + 1, cancellationToken), PageSize,
            lead => lead.LeadId.ToString("N"));
        (Rows, Next) = (page.Items, page.Next);
    }

    /// <summary>All that the search finds, with a column for each destination.</summary>
    public async Task<IActionResult> OnGetCsv(CancellationToken cancellationToken)
    {
        await using var connection = await Database.OpenConnectionAsync(cancellationToken);
        var destinations = await DestinationRows.Names(connection, SiteId);
        return new CsvFile(
            "leads",
            [
                "lead_id", "first_at", "last_at", "source", "name", "email", "phone", "updates", "activities", "duplicate_of",
                .. destinations.Select(destination => destination.Title),
            ], All(destinations, cancellationToken));
    }

    private async IAsyncEnumerable<IEnumerable<object?[]>> All(
        IReadOnlyList<NamedDestination> destinations, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = (Guid?)null;
        do
        {
            var rows = await search.Newest(SiteId, Text, MaySeeLeads, after, CsvPage, cancellationToken);
            yield return rows.Select(lead => (object?[])[
                lead.LeadId.ToString("N"), lead.FirstAt, lead.LastAt, lead.Source, lead.Name, lead.Email, lead.Phone, lead.Updates,
                lead.Activities, lead.DuplicateOf?.ToString("N") ?? (lead.IsDuplicate ? "erased" : null),
                .. destinations.Select(destination => State(lead, destination.Id)),
            ]);
            // Found by its id, it is all there is.
            after = rows.Count < CsvPage || IsId ? null : rows[^1].LeadId;
        }
        while (after is not null);
    }

    private static string? State(FoundLead lead, Guid destination) =>
        lead.Destinations.FirstOrDefault(at => at.DestinationId == destination)?.State;

    /// <summary>The query of this search, on another page.</summary>
    public string Query(string? after, string? handler = null) => QueryString.Create(
        new Dictionary<string, string?>(StringComparer.Ordinal) { ["handler"] = handler, ["q"] = Text, ["after"] = after }
        .Where(pair => !string.IsNullOrEmpty(pair.Value))).Value ?? "";
}
