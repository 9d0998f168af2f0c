using Router.Core.Deliveries;
using Router.Core.Leads;

namespace Router.Api.Management;

/// <summary>What became of a site's leads.</summary>
internal static class DeliveriesApi
{
    public static void MapDeliveries(this RouteGroupBuilder api)
    {
        api.MapGet("/sites/{site:uuid}/deliveries", List).WithName("listDeliveries").WithSummary("A site's deliveries, newest first").Produces<Page<DeliveryRow>>().ProducesProblem(404).ProducesValidationProblem(422);
        api.MapGet("/sites/{site:uuid}/deliveries/{event:uuid}/{destination:uuid}", Get).WithName("getDelivery").WithSummary("One delivery with its attempts").Produces<DeliveryView>().ProducesProblem(404);
    }


    private static async Task<IResult> List(Guid site, string? cursor, int? limit, DeliveryHistory history, CancellationToken cancellationToken)
    {
        (Guid Event, Guid Destination)? after = null;
        if (cursor is not null)
        {
            if (cursor.Split('.') is not [var first, var second] || !Uuids.TryParse(first, out var eventId) || !Uuids.TryParse(second, out var destinationId))
            {
                var problems = new FieldProblems();
                problems.Add("cursor", "'cursor' is not one that this list gave out.");
                return Problems.Invalid(problems);
            }

            after = (eventId, destinationId);
        }

        var take = Paging.Limit(limit);
        var rows = await history.Newest(site, after, take + 1, cancellationToken);
        if (rows.Count == 0 && !await history.HasSite(site, cancellationToken))
            return Problems.NoSuch("site");
        return TypedResults.Ok(Page<DeliveryRow>.Of(rows, take, row => $"{row.EventId:N}.{row.DestinationId:N}"));
    }

    private static async Task<IResult> Get(Guid site, Guid @event, Guid destination, DeliveryHistory history, CancellationToken cancellationToken)
    {
        if (await history.Find(site, @event, destination, cancellationToken) is not { } found)
            return Problems.NoSuch("delivery");

        return TypedResults.Ok(DeliveryView.Of(found.Delivery, found.Attempts));
    }
}
