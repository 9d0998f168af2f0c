using System.Globalization;
using System.Text.Json;
using Router.Api.Authentication;

namespace Router.Api.Management;

/// <summary>The audit log: of a site for its owners, of everything for operators.</summary>
internal static class AuditApi
{
    internal sealed record AuditEntry(
        DateTimeOffset At, string Actor, string Action, string Kind, string SubjectId, string Subject, Guid? SiteId, JsonElement Changes);

    public static void MapAudit(this RouteGroupBuilder api)
    {
        api.MapGet("/audit", All).RequireAuthorization(RouterAuthentication.OperatorPolicy)
            .WithName("listAudit").WithSummary("Who changed what, newest first").Produces<Page<AuditEntry>>().ProducesProblem(403);
        api.MapGet("/sites/{site:uuid}/audit", OfSite).RequireAuthorization(RouterAuthentication.SitePolicy)
            .WithName("listSiteAudit").WithSummary("Who changed what of a site, newest first").Produces<Page<AuditEntry>>()
                .ProducesProblem(404);
    }

    private static Task<IResult> All(AuditLog log, long? cursor, int? limit, CancellationToken cancellationToken) =>
        List(log, null, cursor, limit, cancellationToken);

    private static Task<IResult> OfSite(Guid site, AuditLog log, long? cursor, int? limit, CancellationToken cancellationToken) =>
        List(log, site, cursor, limit, cancellationToken);

    private static async Task<IResult> List(AuditLog log, Guid? site, long? cursor, int? limit, CancellationToken cancellationToken)
    {
        var take = Paging.Limit(limit);
        var page = Page<AuditRow>.Of(await log.Newest(site, actor: null, cursor, take + 1, cancellationToken), take, row =>
            row.Id.ToString(CultureInfo.InvariantCulture));
        return TypedResults.Ok(new Page<AuditEntry>([.. page.Items.Select(Entry)], page.Next));
    }

    private static AuditEntry Entry(AuditRow row) =>
        new(row.At, row.Actor, row.Action, row.Kind, row.SubjectId, row.Subject, row.SiteId,
            JsonSerializer.Deserialize<JsonElement>(row.Changes));
}
