using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Management;

namespace Router.Api.Pages.Sites;

/// <summary>Who changed what of this site.</summary>
internal sealed class ChangesModel(NpgsqlDataSource database, AuditLog log) : SitePage(database)
{
    [BindProperty(Name = "before", SupportsGet = true)]
    public long? Before { get; set; }

    public IReadOnlyList<AuditRow> Rows { get; private set; } = [];

    public async Task OnGet(CancellationToken cancellationToken) =>
        Rows = await log.Newest(SiteId, actor: null, Before, limit: 100, cancellationToken);
}
