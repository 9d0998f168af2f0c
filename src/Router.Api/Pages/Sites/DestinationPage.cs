using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Sites;

/// <summary>A page about one destination of a site.</summary>
internal abstract class DestinationPage(NpgsqlDataSource database) : SitePage(database)
{
    [FromRoute(Name = "destination")]
    public Guid DestinationId { get; set; }

    public Destination Destination { get; private set; } = null!;

    /// <summary>Reads the destination; false when there is none, or none that the page is for.</summary>
    protected virtual async Task<bool> Load(CancellationToken cancellationToken)
    {
        if (await FindDestination(DestinationId, cancellationToken) is not { } destination || !IsFor(destination))
            return false;

        Destination = destination;
        return true;
    }

    /// <summary>Whether the page is for such a destination.</summary>
    protected virtual bool IsFor(Destination destination) => true;
}
