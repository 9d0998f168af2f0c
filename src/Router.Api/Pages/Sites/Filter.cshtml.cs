using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Sites;

/// <summary>Which leads a destination gets: conditions about fields of a lead, tried on the latest leads before they are saved.</summary>
internal sealed class FilterModel(NpgsqlDataSource database, DestinationSettings settings, FilterPreview preview, OperatorsReach reach)
    : DestinationPage(database)
{
    /// <summary>Rows that the form has at least.</summary>
    private const int Rows = 4;

    /// <summary>Fields that most leads have.</summary>
    public static readonly IReadOnlyList<string> Fields =
    [
        "source", "role", "city", "zip", "state", "region", "tags", "timeframe", "urgency", "status", "activities.type",
        "activities.source",
        "activities.property.list_price", "activities.property.city", "activities.property.zip", "activities.property.property_type",
        "email", "phone", FilterCondition.Duplicate,
    ];

    [BindProperty(Name = "match")]
    public string? Match { get; set; }

    [BindProperty(Name = "field")]
    public string[] FieldNames { get; set; } = [];

    [BindProperty(Name = "operator")]
    public string[] Operators { get; set; } = [];

    [BindProperty(Name = "values")]
    public string[] Values { get; set; } = [];

    [BindProperty(Name = "missing")]
    public string[] Missing { get; set; } = [];

    /// <summary>What the form shows.</summary>
    public LeadFilter Shown { get; private set; } = new(All: true, []);

    /// <summary>How many rows the form has: some blank ones behind those that are there.</summary>
    public int RowCount => Math.Min(LeadFilter.Most, Math.Max(Rows, Shown.Conditions.Count + 2));

    /// <summary>The latest leads, and whether they fit; null before it is asked for.</summary>
    public IReadOnlyList<PreviewedLead>? Leads { get; private set; }

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        Shown = Destination.Filter ?? Shown;
        return Page();
    }

    [Uncounted]
    public async Task<IActionResult> OnPostPreview(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        Shown = Entered();
        if (Shown.Problem is { } problem)
            return this.Wrong(problem);
        if (reach.RefusesToTry(SiteId) is { } notTheirs)
            return this.Refused(notTheirs);

        Leads = await preview.Of(SiteId, Shown, cancellationToken);
        return Leads is null ? this.Refused(BusyPreview.Refusal) : Page();
    }

    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        Shown = Entered();
        if (Shown.Problem is { } problem)
            return this.Wrong(problem);

        var changed = await settings.Change(SiteId, DestinationId, new DestinationFields { Filter = Shown }, cancellationToken);
        if (changed.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice(Shown.Conditions.Count == 0
            ? $"{Destination.Name} gets all leads from now on."
            : $"{Destination.Name} gets the leads that fit from now on, and what follows them.");
        return Redirect($"/sites/{SiteId}/destinations/{DestinationId}");
    }

    // Rows without a field are blank ones.
    private LeadFilter Entered() => new(Match != "any",
    [
        .. FieldNames.Select((field, i) => (Name: field?.Trim() ?? "", At: i)).Where(row => row.Name.Length > 0).Select(row =>
        {
            var chosen = LeadFilters.Operator(Operators.ElementAtOrDefault(row.At));
            var values = (Values.ElementAtOrDefault(row.At) ?? "")
                .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            // A price with thousands is one number.
            var isNumber = chosen is FilterOperator.AtLeast or FilterOperator.AtMost && values.Length > 0;
            return new FilterCondition(
                row.Name, chosen, isNumber ? [string.Concat(values)] : values, Missing.ElementAtOrDefault(row.At) != "leave");
        }),
    ]);

    protected override bool IsFor(Destination destination) => DestinationKinds.Parse(destination.Kind) != DestinationKind.LeadManager;
}
