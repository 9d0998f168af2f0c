using Dapper;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Core.Leads;
using Router.Core.Retention;

namespace Router.Api.Pages.Sites;

/// <summary>Says what goes and what stays before a lead's data is erased.</summary>
internal sealed class EraseLeadModel(NpgsqlDataSource database, LeadErasure erasure) : SitePage(database)
{
    [FromRoute(Name = "lead")]
    public Guid LeadId { get; set; }

    /// <summary>What there is to erase, and what waits.</summary>
    public Erased Kept { get; private set; } = null!;

    /// <summary>Who it is, in one line, for the site's owners; null when they don't ask or it isn't known.</summary>
    public string? Person { get; private set; }

    /// <summary>When it was heard of first.</summary>
    public DateTimeOffset? CameIn { get; private set; }

    public async Task OnGet(CancellationToken cancellationToken)
    {
        await using var connection = await Database.OpenConnectionAsync(cancellationToken);
        Kept = await Erasure.LookUp(connection, SiteId, LeadId, cancellationToken);
        // One after the other, up to the first that says who it is: each may be a megabyte.
        await foreach (var (acceptedAt, body) in connection.QueryUnbufferedAsync<(DateTimeOffset AcceptedAt, byte[]? Body)>(
            """
            select accepted_at, case when @MaySeeLeads then body end from lead_events
            where site_id = @SiteId and lead_id = @LeadId and test is null order by accepted_at limit 20
            """, new { SiteId, LeadId, MaySeeLeads }).WithCancellation(cancellationToken))
        {
            CameIn ??= acceptedAt;
            if (body is not null && LeadPerson.Of(new RawJson(body)).Line is { } line)
            {
                Person = line;
                break;
            }
        }
    }

    [ConfirmFirst]
    public async Task<IActionResult> OnPost(CancellationToken cancellationToken)
    {
        var erased = await erasure.Lead(SiteId, LeadId, cancellationToken);
        if (erased.Refusal is { } refusal)
        {
            await OnGet(cancellationToken);
            return this.Refused(refusal);
        }

        var (events, canceled) = (erased.Made!.Events, erased.Made.Canceled);
        this.Notice($"The lead's data is erased: {events} {(events == 1 ? "event" : "events")}"
            + (canceled == 0 ? "." : $", and {canceled} waiting {(canceled == 1 ? "delivery is" : "deliveries are")} canceled."));
        return Redirect($"/sites/{SiteId}/deliveries");
    }
}
