using System.Globalization;
using Dapper;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Accounts;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Api.Pages.Sites;
using Router.Core.Deliveries;
using Router.Core.Sites;

namespace Router.Api.Pages.Operator;

/// <summary>What operators set of a site: how it is called, who owns it, which products send for it.</summary>
internal sealed class SiteModel(
    NpgsqlDataSource database, SiteSettings sites, SitePeople people, ProductSettings products, DestinationSettings destinations,
    SiteUse use)
        : SitePage(database)
{
    [BindProperty(Name = "name")]
    public string? Name { get; set; }

    [BindProperty(Name = "domain")]
    public string? Domain { get; set; }

    [BindProperty(Name = "login_url_template")]
    public string? LoginUrlTemplate { get; set; }

    [BindProperty(Name = "username")]
    public string? Username { get; set; }

    [BindProperty(Name = "destination")]
    public Guid DestinationId { get; set; }

    [BindProperty(Name = "max_in_flight")]
    public string? MaxInFlight { get; set; }

    /// <summary>What it may have, and what it has of that.</summary>
    public IReadOnlyList<LimitOfSite> Limits { get; private set; } = [];

    public IReadOnlyList<Destination> Destinations { get; private set; } = [];

    public IReadOnlyList<Person> People { get; private set; } = [];

    public IReadOnlyList<(string Username, string DisplayName)> Products { get; private set; } = [];

    /// <summary>Some of those that may not send yet.</summary>
    public IReadOnlyList<string> OtherProducts { get; private set; } = [];

    /// <summary>What is said beside a limit.</summary>
    public static string Help(LimitOfSite limit) =>
        $"{(limit.Used is { } used ? $"It has {Amount.Count(used)}. " : "")}"
        + (limit.IsOwn ? "Empty for what every site may have." : $"Empty for {Amount.Count(limit.Limit)}, as every site may have.");

    /// <summary>What is in a limit's field.</summary>
    public static string OwnOf(LimitOfSite limit) => limit.IsOwn ? limit.Limit.ToString(CultureInfo.InvariantCulture) : "";

    public Task OnGet(CancellationToken cancellationToken) => Load(cancellationToken);

    [ConfirmFirst]
    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        var changed = await sites.Change(
            SiteId, new SiteFields(Name?.Trim() ?? "", Domain?.Trim() ?? "", LoginUrlTemplate?.Trim() ?? ""), cancellationToken);
        return await After(changed.Refusal, "Saved. It is in force for the next lead.", about: "", cancellationToken);
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPostAllow(CancellationToken cancellationToken)
    {
        var allowed = await products.Allow(Username?.Trim() ?? "", SiteId, cancellationToken);
        var refusal = allowed.Refusal is null ? null
            : Refusal.Conflict("There is no product with this username: add it under Products first.");
        return await After(refusal, $"{Username?.Trim()} may send for {Site.Name} from now on.", "username", cancellationToken);
    }

    public async Task<IActionResult> OnPostForbid(CancellationToken cancellationToken)
    {
        var forbidden = await products.Forbid(Username ?? "", SiteId, cancellationToken);
        return await After(forbidden.Refusal, $"{Username} may no longer send for {Site.Name}.", about: "", cancellationToken);
    }

    public async Task<IActionResult> OnPostLimit(CancellationToken cancellationToken)
    {
        // What is no number is none of those that the rule allows.
        var limit = int.TryParse(MaxInFlight, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
        var changed = await destinations.Change(SiteId, DestinationId, new DestinationFields { MaxInFlight = limit }, cancellationToken);
        return await After(changed.Refusal, limit == 0 ? $"{changed.Made?.Name} has the default limit again."
            : $"{changed.Made?.Name} gets at most {limit} requests at once from each worker.", about: "", cancellationToken);
    }

    public async Task<IActionResult> OnPostMayHave(CancellationToken cancellationToken)
    {
        var changed = await sites.Change(
            SiteId,
            new SiteFields(Limits: new OwnLimits(
                Entered(SiteLimitNames.Destinations), Entered(SiteLimitNames.InFlight), Entered(SiteLimitNames.InFlightAtHost),
                Entered(SiteLimitNames.WaitingMegabytes), Entered(SiteLimitNames.Replays), Entered(SiteLimitNames.ReplayedPerHour),
                Entered(SiteLimitNames.TestsPerMinute))),
            cancellationToken);
        return await After(changed.Refusal, "Saved. It is in force within a second.", about: "", cancellationToken);
    }

    // What is no number is none of those that the rule allows.
    private int? Entered(string name) =>
        Request.Form[$"limits.{name}"].ToString().Trim() is not { Length: > 0 } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private async Task<IActionResult> After(Refusal? refusal, string notice, string about, CancellationToken cancellationToken)
    {
        if (refusal is null)
        {
            this.Notice(notice);
            return RedirectToPage();
        }

        await Load(cancellationToken);
        return this.Refused(refusal, about);
    }

    private async Task Load(CancellationToken cancellationToken)
    {
        People = await people.List(SiteId, cancellationToken);
        Limits = await use.Of(SiteId, cancellationToken);
        await using var connection = await Database.OpenConnectionAsync(cancellationToken);
        Destinations = await DestinationRows.List(connection, SiteId, after: null, limit: 500);
        Products = (await connection.QueryAsync<(string, string)>(
            """
            select p.username, p.display_name from product_sites s join products p on p.username = s.product
            where s.site_id = @SiteId order by p.username
            """, new { SiteId })).AsList();
        OtherProducts = (await connection.QueryAsync<string>(
            """
            select username from products p
            where not exists (select from product_sites where product = p.username and site_id = @SiteId)
            order by username limit 100
            """, new { SiteId })).AsList();
    }
}
