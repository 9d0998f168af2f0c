using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Core.Deliveries;
using Router.Core.SetAside;

namespace Router.Api.Management;

/// <summary>The statement of a site: every lead that was received is accounted for at every destination.</summary>
internal static class StatementApi
{
    /// <summary>A statement.</summary>
    /// <param name="From">Accepted then or later.</param>
    /// <param name="To">Accepted before then.</param>
    /// <param name="Balanced">Whether every row adds up and nothing is missing.</param>
    /// <param name="SetAside">Events accepted in the span that aren't planned yet: they are set aside and wait for an operator.</param>
    /// <param name="Rows">By destination, and by hour if asked for.</param>
    /// <param name="Speed">By destination, milliseconds since a lead was accepted; of the last 30 days at most.</param>
    internal sealed record Statement(DateTimeOffset From, DateTimeOffset To, bool Balanced, long SetAside, IReadOnlyList<StatementRow> Rows,
        IReadOnlyList<SpeedRow> Speed);

    public static void MapStatement(this RouteGroupBuilder api) =>
        api.MapGet("/sites/{site:uuid}/statement", Get).RequireAuthorization(RouterAuthentication.SitePolicy).WithName("getStatement")
            .WithSummary("What became of the leads received in a span; the last 24 hours unless said otherwise").Produces<Statement>()
                .ProducesProblem(404).ProducesValidationProblem(422);

    private static async Task<IResult> Get(
        Guid site, Guid? destination, DateTimeOffset? from, DateTimeOffset? to, string? by, SiteStatement statement,
        SetAsideMessages setAside, DeliveryHistory history, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        problems.CheckTimes(from, to);
        if (problems.Any)
            return Problems.Invalid(problems);

        var until = to ?? time.GetUtcNow();
        var since = from ?? until.AddHours(-24);
        if (by is not (null or "hour"))
            problems.Add("by", "'by' must be hour, or left out.");
        if (since >= until)
            problems.Add("from", "'from' must be before 'to'.");
        if (problems.Any)
            return Problems.Invalid(problems);
        if (!await history.HasSite(site, cancellationToken))
            return Problems.NoSuch("site");

        var rows = await statement.Read(site, destination, since, until, by == "hour", cancellationToken);
        return TypedResults.Ok(new Statement(
            since, until, rows.TrueForAll(row => row.IsBalanced), await setAside.OfSite(site, since, until, cancellationToken), rows,
            await statement.Speed(site, since, until, cancellationToken)));
    }
}
