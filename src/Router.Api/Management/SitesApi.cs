using Dapper;
using Npgsql;
using Router.Api.OpenApi;
using Router.Core.Leads;

namespace Router.Api.Management;

/// <summary>Sites. One is always created together with its Lead Manager: none can exist without.</summary>
internal static class SitesApi
{
    private const string Columns = "id, name, domain, login_url_template";

    public static void MapSites(this RouteGroupBuilder api)
    {
        api.MapPost("/sites", Create).WithName("createSite").WithSummary("A site, together with its Lead Manager").Produces<Site>(201).ProducesProblem(409).ProducesValidationProblem(422)
            .WithMetadata(new RequestExample("""
                {"name": "Demo Realty", "domain": "www.demo-realty.test", "login_url_template": "https://www.demo-realty.test/login?lead={lead_id}",
                 "lead_manager": {"url": "https://crm.test/leads", "secret": "a long random text", "partner_id": "42"}}
                """));
        api.MapGet("/sites", List).WithName("listSites").WithSummary("All sites").Produces<Page<Site>>();
        api.MapGet("/sites/{site:uuid}", Get).WithName("getSite").WithSummary("One site").Produces<Site>().ProducesProblem(404);
    }

    internal sealed record LeadManager(string? Url = null, string? Secret = null, string? PartnerId = null);

    internal sealed record NewSite(
        Guid? Id = null, string? Name = null, string? Domain = null, string? LoginUrlTemplate = null, LeadManager? LeadManager = null);

    internal sealed record Site(Guid Id, string Name, string Domain, string? LoginUrlTemplate);

    private static async Task<IResult> Create(NewSite request, NpgsqlDataSource database, TimeProvider time, CancellationToken cancellationToken)
    {
        if (Check(request) is { Any: true } problems)
            return Problems.Invalid(problems);

        var site = new Site(request.Id ?? Guid.CreateVersion7(time.GetUtcNow()), request.Name!, request.Domain!, request.LoginUrlTemplate);
        var leadManager = request.LeadManager!;
        const string sql = """
            with site as (
                insert into sites (id, name, domain, login_url_template) values (@Id, @Name, @Domain, @LoginUrlTemplate)
            )
            insert into destinations (id, site_id, kind, name, url, secret, partner_id)
            values (@DestinationId, @Id, 'lead_manager', 'Lead Manager', @Url, @Secret, @PartnerId)
            """;
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await connection.ExecuteAsync(sql, new
            {
                site.Id, site.Name, site.Domain, site.LoginUrlTemplate,
                DestinationId = Guid.CreateVersion7(time.GetUtcNow()),
                leadManager.Url, leadManager.Secret, PartnerId = leadManager.PartnerId ?? "",
            });
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return Problems.Conflict("A site with this id exists already.");
        }

        return TypedResults.Created($"/api/sites/{site.Id}", site);
    }

    private static async Task<IResult> List(NpgsqlDataSource database, Guid? cursor, int? limit, CancellationToken cancellationToken)
    {
        var take = Paging.Limit(limit);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<Site>(
            $"select {Columns} from sites where @cursor is null or id > @cursor order by id limit @take + 1", new { cursor, take });
        return TypedResults.Ok(Page<Site>.Of(rows.AsList(), take, site => site.Id.ToString("D")));
    }

    private static async Task<IResult> Get(Guid site, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var found = await connection.QuerySingleOrDefaultAsync<Site>($"select {Columns} from sites where id = @site", new { site });
        return found is null ? Problems.NoSuch("site") : TypedResults.Ok(found);
    }

    private static FieldProblems Check(NewSite request)
    {
        var problems = new FieldProblems();
        problems.RequireText("name", request.Name);
        problems.RequireText("domain", request.Domain);
        if (request.LoginUrlTemplate is { } template)
            problems.RequireUrl("login_url_template", template.Replace(LoginUrl.Placeholder, "id", StringComparison.Ordinal));
        problems.RequireUrl("lead_manager.url", request.LeadManager?.Url);
        problems.RequireText("lead_manager.secret", request.LeadManager?.Secret, most: 500);
        problems.CheckText("lead_manager.partner_id", request.LeadManager?.PartnerId);
        return problems;
    }
}
