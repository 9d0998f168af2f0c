using Microsoft.AspNetCore.Mvc;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Core.Deliveries;

namespace Router.Api.Management;

/// <summary>What became of a site's leads.</summary>
internal static class DeliveriesApi
{
    public static void MapDeliveries(this RouteGroupBuilder api)
    {
        var deliveries = api.MapGroup("/sites/{site:uuid}/deliveries").RequireAuthorization(RouterAuthentication.SitePolicy);
        deliveries.MapGet("", List).WithName("listDeliveries").WithSummary("A site's deliveries, newest first")
            .Produces<Page<DeliveryRow>>().ProducesProblem(404).ProducesValidationProblem(422);
        deliveries.MapGet("/{event:uuid}/{destination:uuid}", Get).WithName("getDelivery")
            .WithSummary("One delivery with its latest 50 attempts, or with the 50 before one of them")
            .Produces<DeliveryView>().ProducesProblem(404).ProducesValidationProblem(422);
        deliveries.MapPost("/{event:uuid}/{destination:uuid}/retry", Retry).WithName("retryDelivery").WithMetadata(new UncountedAttribute())
            .WithSummary("Try a dead or waiting delivery now").Produces<DeliveryView>().ProducesProblem(404).ProducesProblem(409);
        deliveries.MapPost("/{event:uuid}/{destination:uuid}/replay", Replay).WithName("replayDelivery")
            .WithMetadata(new UncountedAttribute())
            .WithSummary("Send a delivery again, also one that was delivered, under the same message id").Produces<DeliveryView>()
                .ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> List(
        Guid site, string? state, Guid? destination, Guid? lead, Guid? message, int? status, string? error, DateTimeOffset? from,
        DateTimeOffset? to, string? cursor, int? limit, DeliveryHistory history, HttpContext context, CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        var after = DeliveryCursor.Parse(cursor);
        if (cursor is not null && after is null)
            problems.Add("cursor", "'cursor' is not one that this list gave out.");
        problems.CheckTimes(from, to);
        var asked = DeliveryStates.TryParse(state);
        if (state is not null && asked is null)
            problems.Add("state", $"'state' must be one of {string.Join(", ", DeliveryStates.All.Select(one => one.Text()))}.");
        if (problems.Any)
            return Problems.Invalid(problems);

        var take = Paging.Limit(limit);
        var filter = new DeliveryFilter(asked, destination, lead, from, to, message, status, error);
        var rows = await history.Newest(site, filter, context.Account().MaySeeLeads(site), after, take + 1, cancellationToken);
        if (rows.Count == 0 && !await history.HasSite(site, cancellationToken))
            return Problems.NoSuch("site");
        return TypedResults.Ok(Page<DeliveryRow>.Of(rows, take, row => DeliveryCursor.Of(row.EventId, row.DestinationId)));
    }

    private static async Task<IResult> Get(
        Guid site, Guid @event, Guid destination, [FromQuery(Name = "before_attempt")] int? beforeAttempt, DeliveryHistory history,
        HttpContext context, CancellationToken cancellationToken)
    {
        if (beforeAttempt < 1)
            return Refusal.Invalid("'before_attempt' must be the number of an attempt, 1 or more.", "before_attempt").ToProblem();

        var maySeeLeads = context.Account().MaySeeLeads(site);
        if (await history.Find(site, @event, destination, maySeeLeads, beforeAttempt, cancellationToken) is not { } found)
            return Problems.NoSuch("delivery");

        return TypedResults.Ok(DeliveryView.Of(found));
    }

    private static async Task<IResult> Retry(
        Guid site, Guid @event, Guid destination, DeliveryReplay replay, ReplayRate rate, DeliveryHistory history, HttpContext context,
        CancellationToken cancellationToken)
    {
        if (rate.OfOne(site) is { } tooOften)
            return tooOften.ToProblem();
        var isDue = await replay.One(site, @event, destination, finished: false, cancellationToken);
        return await After(isDue, site, @event, destination, history, context,
            "only a dead or waiting one can be tried, none whose attempt is under way, and only while its destination is active.",
            cancellationToken);
    }

    private static async Task<IResult> Replay(
        Guid site, Guid @event, Guid destination, DeliveryReplay replay, ReplayRate rate, DeliveryHistory history, HttpContext context,
        CancellationToken cancellationToken)
    {
        if (rate.OfOne(site) is { } tooOften)
            return tooOften.ToProblem();
        var isDue = await replay.One(site, @event, destination, finished: true, cancellationToken);
        return await After(isDue, site, @event, destination, history, context,
            "one that is on its way or a test cannot be replayed, and none whose destination is inactive.", cancellationToken);
    }

    private static async Task<IResult> After(
        bool isDue, Guid site, Guid @event, Guid destination, DeliveryHistory history, HttpContext context, string rule,
        CancellationToken cancellationToken)
    {
        var maySeeLeads = context.Account().MaySeeLeads(site);
        if (await history.Find(site, @event, destination, maySeeLeads, before: null, cancellationToken) is not { } found)
            return Problems.NoSuch("delivery");

        return isDue
            ? TypedResults.Ok(DeliveryView.Of(found))
            : Problems.Conflict(found.Delivery.ContentsDeleted
                ? context.RequestServices.GetRequiredService<DeletedContents>().Sentence
                : $"This delivery is {found.Delivery.State}: {rule}");
    }
}
