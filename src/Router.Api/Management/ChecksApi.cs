using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.OpenApi;
using Router.Core.Deliveries;
using Router.Core.Leads;

namespace Router.Api.Management;

/// <summary>Tests of a destination, and its go-live check.</summary>
internal static class ChecksApi
{
    private const int MostListed = 20;

    internal sealed record NewCheck(bool? GoLive = null);

    internal sealed record StartedCheck(Guid Id);

    /// <summary>One test lead of a check: what it tests, what came back, and whether that is what a good receiver does.</summary>
    internal sealed record CheckStepView(Guid EventId, string Test, string State, IReadOnlyList<CheckAttempt> Attempts);

    internal sealed record CheckAttempt(AttemptView Attempt, string Summary, string? Advice);

    internal sealed record Check(
        Guid Id, DateTimeOffset StartedAt, bool GoLive, bool Finished, bool Passed, IReadOnlyList<CheckStepView> Steps);

    public static void MapChecks(this RouteGroupBuilder api)
    {
        var checks = api.MapGroup("/sites/{site:uuid}/destinations/{destination:uuid}/checks")
            .RequireAuthorization(RouterAuthentication.SitePolicy);
        checks.MapPost("", Start).WithName("startCheck").WithMetadata(new UncountedAttribute())
            .WithSummary("Send a test lead, or run the go-live check")
            .Produces<StartedCheck>(202).ProducesProblem(404).ProducesProblem(429)
            .WithMetadata(new RequestExample("""{"go_live": true}"""));
        checks.MapGet("", List).WithName("listChecks").WithSummary("The latest 20 tests of a destination, newest first")
            .Produces<Page<Check>>().ProducesProblem(404);
        checks.MapGet("/{check:uuid}", Get).WithName("getCheck").WithSummary("How far a check is, and what came back").Produces<Check>()
            .ProducesProblem(404);
    }

    private static async Task<IResult> Start(Guid site, Guid destination, NewCheck request, NpgsqlDataSource database,
        DestinationCheck checks, CancellationToken cancellationToken)
    {
        await using (var connection = await database.OpenConnectionAsync(cancellationToken))
        {
            if (await DestinationRows.Find(connection, site, destination) is null)
                return Problems.NoSuch("destination");
        }

        var started = await checks.Start(site, destination, request.GoLive ?? false, cancellationToken);
        return started.Id is { } check
            ? TypedResults.Accepted($"/api/sites/{site}/destinations/{destination}/checks/{check}", new StartedCheck(check))
            : TypedResults.Problem(started.Refusal, statusCode: StatusCodes.Status429TooManyRequests);
    }

    private static async Task<IResult> List(
        Guid site, Guid destination, DestinationCheck checks, CancellationToken cancellationToken) =>
        TypedResults.Ok(new Page<Check>(
            (await checks.Latest(site, destination, MostListed, cancellationToken)).ConvertAll(View), Next: null));

    private static async Task<IResult> Get(
        Guid site, Guid destination, Guid check, DestinationCheck checks, CancellationToken cancellationToken) =>
        await checks.Read(site, destination, check, cancellationToken) is { } report ? TypedResults.Ok(View(report))
            : Problems.NoSuch("check");

    private static Check View(CheckReport report) => new(
        report.Id, report.StartedAt, report.IsGoLive, report.IsFinished, report.Passed,
        [.. report.Steps.Select(step => new CheckStepView(
            step.EventId, step.Test.Text(), step.State.Text(), [.. step.Attempts.Select(attempt => View(step.Test, attempt))]))]);

    private static CheckAttempt View(LeadTest test, AttemptRow attempt) =>
        new(AttemptView.Of(attempt), Advice.Summary(attempt.Status, attempt.Error), Advice.OnCheck(test, attempt));
}
