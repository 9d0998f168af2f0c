using Dapper;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Api.OpenApi;
using Router.Core.Leads;

namespace Router.Api.Management;

/// <summary>Sites: operators make them, accounts see those that are theirs.</summary>
internal static class SitesApi
{
    public static void MapSites(this RouteGroupBuilder api)
    {
        api.MapPost("/sites", Create).RequireAuthorization(RouterAuthentication.OperatorPolicy)
            .WithName("createSite").WithSummary("A site, together with its Lead Manager").Produces<Site>(201).ProducesProblem(403)
                .ProducesProblem(409).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""
                {"name": "Demo Realty", "domain": "www.demo-realty.test",
                 "login_url_template": "https://www.demo-realty.test/login?lead={lead_id}",
                 "lead_manager": {"url": "https://crm.test/leads", "secret": "a long random text", "partner_id": "42"}}
                """));
        api.MapGet("/sites", List).WithName("listSites")
            .WithSummary("The account's sites, all of them for an operator; q finds them by a part of name or domain, or by id")
            .Produces<Page<Site>>();
        var site = api.MapGroup("/sites/{site:uuid}").RequireAuthorization(RouterAuthentication.SitePolicy);
        site.MapGet("", Get).WithName("getSite").WithSummary("One site").Produces<Site>().ProducesProblem(404);
        site.MapPatch("", Change).WithName("changeSite").WithSummary("Change what is given").Produces<Site>().ProducesProblem(403)
            .ProducesProblem(404).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""{"require_proven": false}"""));
    }

    private static async Task<IResult> Create(NewSite request, SiteSettings sites, CancellationToken cancellationToken) =>
        (await sites.Create(request, cancellationToken)).Answer(site => TypedResults.Created($"/api/sites/{site.Id}", site));

    private static async Task<IResult> List(
        NpgsqlDataSource database, HttpContext context, string? q, Guid? cursor, int? limit, CancellationToken cancellationToken)
    {
        var take = Paging.Limit(limit);
        var account = context.Account();
        var text = q?.Trim() ?? "";
        Guid? id = Uuids.TryParse(text, out var parsed) ? parsed : null;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<Site>(
            $"""
            select {SiteSettings.Columns} from sites
            where (@IsOperator or id = any (@Sites)) and (@cursor is null or id > @cursor)
              and (@text = '' or id = @id or strpos(lower(name), lower(@text)) > 0 or strpos(lower(domain), lower(@text)) > 0)
            order by id limit @take + 1
            """, new { account.IsOperator, Sites = account.VisibleSites, cursor, take, text, id });
        return TypedResults.Ok(Page<Site>.Of(rows.AsList(), take, site => site.Id.ToString("D")));
    }

    private static async Task<IResult> Get(Guid site, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await SiteSettings.Find(connection, site) is { } found ? TypedResults.Ok(found) : Problems.NoSuch("site");
    }

    private static async Task<IResult> Change(Guid site, SiteFields request, SiteSettings sites, CancellationToken cancellationToken) =>
        (await sites.Change(site, request, cancellationToken)).Answer(TypedResults.Ok);
}
