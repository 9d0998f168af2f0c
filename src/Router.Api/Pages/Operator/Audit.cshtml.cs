using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Api.Management;

namespace Router.Api.Pages.Operator;

/// <summary>Who did what, everywhere.</summary>
internal sealed class AuditModel(NpgsqlDataSource database, AuditLog log) : PageModel
{
    [BindProperty(Name = "site", SupportsGet = true)]
    public Guid? SiteId { get; set; }

    [BindProperty(Name = "actor", SupportsGet = true)]
    public string? Actor { get; set; }

    [BindProperty(Name = "before", SupportsGet = true)]
    public long? Before { get; set; }

    public IReadOnlyList<AuditRow> Rows { get; private set; } = [];

    /// <summary>The one that is asked for, if any.</summary>
    public Site? Site { get; private set; }

    public async Task OnGet(CancellationToken cancellationToken)
    {
        Rows = await log.Newest(SiteId, string.IsNullOrWhiteSpace(Actor) ? null : Actor.Trim(), Before, limit: 100, cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        Site = SiteId is { } site ? await SiteSettings.Find(connection, site) : null;
    }
}
