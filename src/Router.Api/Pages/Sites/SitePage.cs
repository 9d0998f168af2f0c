using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Management;

namespace Router.Api.Pages.Sites;

/// <summary>A page about one site. Whether it is the account's is settled before; here the site is read, or there is none.</summary>
internal abstract class SitePage(NpgsqlDataSource database) : PageModel
{
    [FromRoute(Name = "site")]
    public Guid SiteId { get; set; }

    public Site Site { get; private set; } = null!;

    /// <summary>Whether this account may look here and change nothing. Forms that change something don't show then.</summary>
    public bool IsViewer => !HttpContext.Account().MayChange(SiteId);

    /// <summary>Whether this account sees who the leads are, and what receivers answer.</summary>
    public bool MaySeeLeads => HttpContext.Account().MaySeeLeads(SiteId);

    protected NpgsqlDataSource Database => database;

    public override async Task OnPageHandlerExecutionAsync(PageHandlerExecutingContext context, PageHandlerExecutionDelegate next)
    {
        await using (var connection = await database.OpenConnectionAsync(HttpContext.RequestAborted))
        {
            if (await SiteSettings.Find(connection, SiteId) is not { } site)
            {
                context.Result = NotFound();
                return;
            }

            Site = site;
            ViewData["Site"] = site;
        }

        await next();
    }

    protected async Task<Destination?> FindDestination(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await DestinationRows.Find(connection, SiteId, id);
    }
}
