using System.Text.Json.Serialization;
using Router.Api.Authentication;
using Router.Api.OpenApi;
using Router.Core.Deliveries;
using Router.Core.Leads;

namespace Router.Api.Management;

/// <summary>Replays of many deliveries: asked for, watched, canceled.</summary>
internal static class ReplaysApi
{
    /// <summary>What to send again.</summary>
    /// <param name="State"><c>dead</c>, <c>canceled</c>, <c>rejected</c> or <c>delivered</c>.</param>
    /// <param name="Missed">Instead of a state: the leads that came while <paramref name="Destination"/> was off, since <paramref name="From"/>.</param>
    /// <param name="Destination">Of this destination only.</param>
    /// <param name="Lead">Of this lead only.</param>
    /// <param name="Status">Whose last attempt got this HTTP status.</param>
    /// <param name="Error">Whose last attempt failed with this, for example <c>timeout</c>.</param>
    /// <param name="From">Accepted then or later.</param>
    /// <param name="To">Accepted before then.</param>
    internal sealed record ReplayFields(
        string? State = null, bool? Missed = null, Guid? Destination = null, string? Lead = null, int? Status = null, string? Error = null,
        [property: JsonConverter(typeof(UtcTime))] DateTimeOffset? From = null, [property: JsonConverter(typeof(UtcTime))] DateTimeOffset? To = null);

    public static void MapReplays(this RouteGroupBuilder api)
    {
        var replays = api.MapGroup("/sites/{site:uuid}/replays").RequireAuthorization(RouterAuthentication.SitePolicy);
        replays.MapPost("", Start).WithName("startReplay").WithSummary("Send many deliveries again, or what a destination missed while it was off")
            .Produces<ReplayJob>(202).ProducesProblem(404).ProducesValidationProblem(422).WithMetadata(new RequestExample("""{"state": "dead"}"""));
        replays.MapGet("", List).WithName("listReplays").WithSummary("A site's replays, newest first").Produces<Page<ReplayJob>>().ProducesProblem(404);
        replays.MapGet("/{replay:uuid}", Get).WithName("getReplay").WithSummary("How far a replay is").Produces<ReplayJob>().ProducesProblem(404);
        replays.MapDelete("/{replay:uuid}", Cancel).WithName("cancelReplay").WithSummary("Send no more of it").Produces<ReplayJob>().ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> Start(
        Guid site, ReplayFields request, ReplayJobs replays, DeliveryHistory history, HttpContext context, CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        if (request.Missed is true)
        {
            if (request.Destination is null || request.From is null || request.State is not null)
                problems.Add("missed", "'missed' needs a 'destination' and a 'from', and no 'state'.");
        }
        else if (request.State is not (DeliveryStates.Dead or DeliveryStates.Delivered or DeliveryStates.Rejected or DeliveryStates.Canceled))
        {
            problems.Add("state", "'state' must be dead, delivered, rejected or canceled.");
        }

        // As senders spell it: with or without hyphens.
        Guid? lead = Uuids.TryParse(request.Lead, out var id) ? id : null;
        if (request.Lead is not null && lead is null)
            problems.Add("lead", "'lead' is not a lead's id.");
        problems.CheckText("error", request.Error);
        problems.CheckTimes(request.From, request.To);
        if (problems.Any)
            return Problems.Invalid(problems);
        if (!await history.HasSite(site, cancellationToken))
            return Problems.NoSuch("site");

        var filter = new DeliveryFilter(request.State, request.Destination, lead, request.From, request.To, Status: request.Status, Error: request.Error);
        var job = await replays.Start(site, filter, context.Account().Actor, cancellationToken);
        return TypedResults.Accepted($"/api/sites/{site}/replays/{job.Id}", job);
    }

    private static async Task<IResult> List(Guid site, Guid? cursor, int? limit, ReplayJobs replays, CancellationToken cancellationToken)
    {
        var take = Paging.Limit(limit);
        return TypedResults.Ok(Page<ReplayJob>.Of(await replays.List(site, cursor, take + 1, cancellationToken), take, job => job.Id.ToString("D")));
    }

    private static async Task<IResult> Get(Guid site, Guid replay, ReplayJobs replays, CancellationToken cancellationToken) =>
        await replays.Find(site, replay, cancellationToken) is { } job ? TypedResults.Ok(job) : Problems.NoSuch("replay");

    private static async Task<IResult> Cancel(Guid site, Guid replay, ReplayJobs replays, CancellationToken cancellationToken)
    {
        var canceled = await replays.Cancel(site, replay, cancellationToken);
        if (await replays.Find(site, replay, cancellationToken) is not { } job)
            return Problems.NoSuch("replay");

        return canceled ? TypedResults.Ok(job) : Problems.Conflict("This replay is finished already.");
    }
}
