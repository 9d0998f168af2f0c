using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Management;
using Router.Core.Deliveries;

namespace Router.Api.Pages.Sites;

/// <summary>A site's replays of many deliveries, and what came of each.</summary>
internal sealed class ReplaysModel(NpgsqlDataSource database, ReplayJobs replays) : SitePage(database)
{
    private const int PageSize = 50;

    private Dictionary<Guid, string> _names = [];

    [BindProperty(Name = "after", SupportsGet = true)]
    public Guid? After { get; set; }

    public IReadOnlyList<ReplayJob> Jobs { get; private set; } = [];

    public string? Next { get; private set; }

    public async Task OnGet(CancellationToken cancellationToken)
    {
        var page = Page<ReplayJob>.Of(
            await replays.List(SiteId, After, PageSize + 1, cancellationToken), PageSize, job => job.Id.ToString("D"));
        (Jobs, Next) = (page.Items, page.Next);
        await using var connection = await Database.OpenConnectionAsync(cancellationToken);
        _names = (await DestinationRows.List(connection, SiteId, after: null, limit: 500)).ToDictionary(row => row.Id, row => row.Name);
    }

    public string Name(Guid destination) => _names.GetValueOrDefault(destination, "a deleted destination");
}
