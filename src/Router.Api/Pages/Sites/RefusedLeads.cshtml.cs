using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Management;
using Router.Core.Intake;
using Router.Core.Retention;

namespace Router.Api.Pages.Sites;

/// <summary>What a site's products sent and was refused for its contents: why, how much, and what can be done.</summary>
internal sealed class RefusedLeadsModel(
    NpgsqlDataSource database, RefusedLeads leads, RefusedLeadSettings settings, IOptions<RetentionOptions> retention) : SitePage(database)
{
    private const int PageSize = 50;

    [BindProperty(Name = "product", SupportsGet = true)]
    public string? Product { get; set; }

    [BindProperty(Name = "reason", SupportsGet = true)]
    public string? Reason { get; set; }

    [BindProperty(Name = "after", SupportsGet = true)]
    public Guid? After { get; set; }

    public IReadOnlyList<RefusedGroup> Groups { get; private set; } = [];

    public IReadOnlyList<RefusedLead> Rows { get; private set; } = [];

    /// <summary>Who they are about, for those who may know.</summary>
    public IReadOnlyDictionary<Guid, string> People { get; private set; } = new Dictionary<Guid, string>();

    public string? Next { get; private set; }

    public int DaysKept => (int)RefusedLeads.KeptFor(retention.Value.BodiesAfter).TotalDays;

    /// <summary>Whether one product and one reason are looked at.</summary>
    public bool IsOneGroup => !string.IsNullOrEmpty(Product) && !string.IsNullOrEmpty(Reason);

    public async Task OnGet(CancellationToken cancellationToken)
    {
        (Product, Reason) = (NullIfBlank(Product), NullIfBlank(Reason));
        Groups = await leads.Groups(SiteId, cancellationToken);
        var page = Page<RefusedLead>.Of(
            await leads.Newest(SiteId, Product, Reason, After, PageSize + 1, cancellationToken), PageSize, row => row.Id.ToString("D"));
        (Rows, Next) = (page.Items, page.Next);
        People = await settings.People(SiteId, [.. Rows.Select(row => row.Id)], cancellationToken);
    }

    public async Task<IActionResult> OnPostAccept(CancellationToken cancellationToken)
    {
        if (!IsOneGroup)
            return BadRequest();

        var all = await settings.AcceptAll(SiteId, Product!, Reason!, cancellationToken);
        this.Notice((all.Accepted, all.Refused) switch
        {
            (0, 0) => "Nothing of this waits any more.",
            (0, var refused) => $"{Amount.Of(refused, "lead", "leads")} could not be accepted: open one to see why.",
            (var accepted, 0) => $"{Amount.Of(accepted, "lead is", "leads are")} accepted and on the way to the destinations.",
            var (accepted, refused) =>
                $"{Amount.Of(accepted, "lead is", "leads are")} accepted and on the way to the destinations; "
                + $"{Amount.Count(refused)} could not be accepted: open one to see why.",
        });
        return Redirect($"/sites/{SiteId}/refused");
    }

    public async Task<IActionResult> OnPostDelete(CancellationToken cancellationToken)
    {
        if (!IsOneGroup)
            return BadRequest();

        var count = await settings.Delete(SiteId, id: null, Product, Reason, cancellationToken);
        this.Notice($"{Amount.Of(count, "lead is", "leads are")} deleted for good.");
        return Redirect($"/sites/{SiteId}/refused");
    }

    /// <summary>The list of one product and reason.</summary>
    public string Path(RefusedGroup group) =>
        $"/sites/{SiteId}/refused{Query(group.Product, group.Reason, after: null)}";

    public string Older() => $"/sites/{SiteId}/refused{Query(Product, Reason, Next)}";

    private static string Query(string? product, string? reason, string? after) => QueryString.Create(
        new Dictionary<string, string?>(StringComparer.Ordinal) { ["product"] = product, ["reason"] = reason, ["after"] = after }
        .Where(pair => !string.IsNullOrEmpty(pair.Value))).Value ?? "";

    private static string? NullIfBlank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
