using Npgsql;
using Router.Api.Management;

namespace Router.Api.Pages.Sites;

/// <summary>The integrations that the site can connect to.</summary>
internal sealed class CatalogueModel(NpgsqlDataSource database) : SitePage(database)
{
    public IReadOnlyList<Integration> Integrations { get; private set; } = [];

    /// <summary>By integration: the destination that the site has already.</summary>
    public IReadOnlyDictionary<Guid, Guid> Connected { get; private set; } = new Dictionary<Guid, Guid>();

    public async Task OnGet(CancellationToken cancellationToken)
    {
        await using var connection = await Database.OpenConnectionAsync(cancellationToken);
        Integrations = await IntegrationSettings.List(connection, all: false);
        Connected = (await DestinationRows.List(connection, SiteId, after: null, limit: 500))
            .Where(destination => destination.IntegrationId is not null)
                .ToDictionary(destination => destination.IntegrationId!.Value, destination => destination.Id);
    }
}
