using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Management;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Sites;

/// <summary>A page about one way of signing in at a destination's receiver.</summary>
internal abstract class SignInPage(NpgsqlDataSource database, DestinationSettings settings) : DestinationPage(database)
{
    /// <summary>Changes it; then the page of all ways, with a sentence about what is so from now on.</summary>
    protected async Task<IActionResult> Change(DestinationFields fields, string sentence, CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var changed = await settings.Change(SiteId, DestinationId, fields, cancellationToken);
        if (changed.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice(sentence, link: ($"/sites/{SiteId}/destinations/{DestinationId}#test", "Test it"));
        return Redirect($"/sites/{SiteId}/destinations/{DestinationId}/headers");
    }
}
