using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.OpenApi;
using Router.Core.Deliveries;
using Router.Core.Leads;
using Router.Core.Retention;

namespace Router.Api.Management;

/// <summary>Replays of many deliveries: asked for, watched, canceled.</summary>
internal static class ReplaysApi
{
    /// <summary>What to send again.</summary>
    /// <param name="State"><c>dead</c>, <c>canceled</c>, <c>rejected</c> or <c>delivered</c>.</param>
    /// <param name="Missed">Instead of a state: everything that <paramref name="Destination"/> didn't get of what came since
    /// <paramref name="From"/>: what came while it was off, what was canceled then, and what was given up.</param>
    /// <param name="Destination">Of this destination only.</param>
    /// <param name="Lead">Of this lead only.</param>
    /// <param name="Status">Whose last attempt got this HTTP status.</param>
    /// <param name="Error">Whose last attempt failed with this, for example <c>timeout</c>.</param>
    /// <param name="From">Accepted then or later.</param>
    /// <param name="To">Accepted before then.</param>
    internal sealed record ReplayFields(
        string? State = null, bool? Missed = null, Guid? Destination = null, string? Lead = null, int? Status = null, string? Error = null,
        [property: JsonConverter(typeof(UtcTime))] DateTimeOffset? From = null,
        [property: JsonConverter(typeof(UtcTime))] DateTimeOffset? To = null);

    public static void MapReplays(this RouteGroupBuilder api)
    {
        var replays = api.MapGroup("/sites/{site:uuid}/replays").RequireAuthorization(RouterAuthentication.SitePolicy);
        replays.MapPost("", Start).WithName("startReplay")
            .WithSummary("Send many deliveries again, or what a destination missed while it was off")
            .Produces<ReplayJob>(202).ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422)
                .WithMetadata(new RequestExample("""{"state": "dead"}"""));
        replays.MapGet("", List).WithName("listReplays").WithSummary("A site's replays, newest first").Produces<Page<ReplayJob>>()
            .ProducesProblem(404);
        replays.MapGet("/{replay:uuid}", Get).WithName("getReplay").WithSummary("How far a replay is").Produces<ReplayJob>()
            .ProducesProblem(404);
        replays.MapDelete("/{replay:uuid}", Cancel).WithName("cancelReplay").WithSummary("Send no more of it").Produces<ReplayJob>()
            .ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> Start(
        Guid site, ReplayFields request, ReplayJobs replays, DeliveryHistory history, NpgsqlDataSource database,
        IOptions<RetentionOptions> retention, TimeProvider time,
        HttpContext context, CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        var state = DeliveryStates.TryParse(request.State);
        if (request.Missed is true)
        {
            if (request.Destination is null || request.From is null || request.State is not null)
                problems.Add("missed", "'missed' needs a 'destination' and a 'from', and no 'state'.");
        }
        else if (state is null || !state.Value.IsFinished())
        {
            problems.Add("state", "'state' must be dead, delivered, rejected or canceled.");
        }

        // As senders spell it: with or without hyphens.
        Guid? lead = Uuids.TryParse(request.Lead, out var id) ? id : null;
        if (request.Lead is not null && lead is null)
            problems.Add("lead", "'lead' is not a lead's id.");
        problems.CheckText("error", request.Error);
        problems.CheckSpan(request.From, request.To);
        if (!problems.Any && request.To is { } to && to < time.GetUtcNow() - retention.Value.BodiesAfter - TimeSpan.FromDays(1))
            problems.Add("to",
                "'to' is so long ago that all contents from before it are deleted "
                + $"(after {retention.Value.BodiesAfter.TotalDays:0.#} days): nothing can be sent.");
        if (!await history.HasSite(site, cancellationToken))
            return Problems.NoSuch("site");
        if (request.Destination is { } chosen)
            await CheckDestination(problems, database, site, chosen, cancellationToken);
        if (problems.Any)
            return Problems.Invalid(problems);

        var filter = new DeliveryFilter(
            state, request.Destination, lead, request.From, request.To, Status: request.Status, Error: request.Error);
        var leftOut = request.Missed is true ? new LeftOut(0, 0) : await replays.CountLeftOut(site, filter, cancellationToken);
        var account = context.Account();
        var started = await replays.Start(site, filter, account.Actor, account.IsOperator, cancellationToken);
        if (started.Job is not { } job)
            return Problems.Conflict(started.Refusal!);
        return TypedResults.Accepted($"/api/sites/{site}/replays/{job.Id}", leftOut is { DestinationOff: 0, ContentsDeleted: 0 } ? job
            : job with { LeftOut = leftOut });
    }

    private static async Task CheckDestination(
        FieldProblems problems, NpgsqlDataSource database, Guid site, Guid destination, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (await DestinationRows.Find(connection, site, destination) is not { } found)
            problems.Add("destination", "'destination' is no destination of this site, or it is deleted.");
        else if (!found.Active)
            problems.Add("destination", $"'destination' {found.Name} is off: nothing can be sent to it. Switch it on first.");
    }

    private static async Task<IResult> List(Guid site, Guid? cursor, int? limit, ReplayJobs replays, CancellationToken cancellationToken)
    {
        var take = Paging.Limit(limit);
        return TypedResults.Ok(
            Page<ReplayJob>.Of(await replays.List(site, cursor, take + 1, cancellationToken), take, job => job.Id.ToString("D")));
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
