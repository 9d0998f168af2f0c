using Dapper;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;

namespace Router.Api.Management;

/// <summary>What an id is the id of.</summary>
/// <param name="Kind"><c>site</c>, <c>destination</c>, <c>lead</c> or <c>message</c>.</param>
/// <param name="Id">The id.</param>
/// <param name="SiteId">Whose it is.</param>
/// <param name="SiteName">What people call that site.</param>
/// <param name="LeadId">Of a message about a lead: the lead.</param>
/// <param name="Action">Of a message: what happened.</param>
internal sealed record FoundId(string Kind, Guid Id, Guid SiteId, string SiteName, Guid? LeadId, string? Action);

/// <summary>Looks an id up in all sites of the account, for whoever knows nothing else of a lead.</summary>
internal static class FindApi
{
    private const int Most = 50;

    public static void MapFind(this RouteGroupBuilder api) =>
        api.MapGet("/find", Find).WithName("find")
            .WithSummary("What an id is the id of, among the account's sites: a site, destination, lead or message")
            .Produces<Page<FoundId>>().ProducesValidationProblem(422);

    private static async Task<IResult> Find(
        NpgsqlDataSource database, HttpContext context, Guid? id, CancellationToken cancellationToken)
    {
        if (id is null)
        {
            var problems = new FieldProblems();
            problems.Add("id", "'id' is required: the id of a site, destination, lead or message.");
            return Problems.Invalid(problems);
        }

        var account = context.Account();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // An id of a lead may be of several sites: each lead is looked for in its site's index.
        var rows = await connection.QueryAsync<FoundId>(new CommandDefinition(
            """
            with mine as (select id, name from sites where @IsOperator or id = any (@Sites))
            select 'site' as kind, id, id as site_id, name as site_name, null::uuid as lead_id, null::text as action
            from mine where id = @id
            union all
            select 'destination', x.id, s.id, s.name, null, null from destinations x join mine s on s.id = x.site_id
            where x.id = @id and x.deleted_at is null
            union all
            select 'lead', l.lead_id, s.id, s.name, l.lead_id, null from mine s join leads l on l.site_id = s.id and l.lead_id = @id
            union all
            select 'message', e.id, s.id, s.name,
                   case when e.action in ('created', 'updated', 'activity_added') and e.test is null then e.lead_id end, e.action
            from lead_events e join mine s on s.id = e.site_id where e.id = @id
            limit @Most
            """, new { id, account.IsOperator, Sites = account.VisibleSites, Most }, cancellationToken: cancellationToken));
        return TypedResults.Ok(new Page<FoundId>(rows.AsList(), Next: null));
    }
}
