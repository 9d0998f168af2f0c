using Dapper;
using Npgsql;
using Router.Api.Changes;
using Router.Core.Destinations;
using Router.Core.Leads;
using Router.Core.Sites;

namespace Router.Api.Management;

/// <summary>A site.</summary>
/// <param name="Id">Its id in every path.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Domain">For <c>site_domain</c>: a host name. What is entered may be a URL, of which it is the host.</param>
/// <param name="LoginUrlTemplate">For <c>site_login_url</c>, with <c>{lead_id}</c> in it.</param>
/// <param name="RequireProven">Whether a destination must pass the go-live check before it becomes active.</param>
/// <param name="Limits">What operators let it have instead of the router's own limits; null for nothing.</param>
internal sealed record Site(
    Guid Id, string Name, string Domain, string? LoginUrlTemplate, bool RequireProven, OwnLimits? Limits = null);

/// <summary>A new site's Lead Manager.</summary>
internal sealed record NewLeadManager(string? Url = null, string? Secret = null, string? PartnerId = null);

/// <summary>A new site: always together with its Lead Manager, none can exist without.</summary>
internal sealed record NewSite(
    Guid? Id = null, string? Name = null, string? Domain = null, string? LoginUrlTemplate = null, NewLeadManager? LeadManager = null,
    bool? RequireProven = null, OwnLimits? Limits = null);

/// <summary>What may be changed of a site; what is absent stays. An empty template removes it. Limits replace those that it had.</summary>
internal sealed record SiteFields(
    string? Name = null, string? Domain = null, string? LoginUrlTemplate = null, bool? RequireProven = null, OwnLimits? Limits = null);

/// <summary>Changes of sites, for the API and the pages alike.</summary>
internal sealed class SiteSettings(ConfigurationChanges changes, SecretProtection secrets, NetworkGuard guard, TimeProvider time)
{
    public const string Columns = "id, name, domain, login_url_template, require_proven, limits::text as limits";

    public static Task<Site?> Find(NpgsqlConnection connection, Guid site) =>
        connection.QuerySingleOrDefaultAsync<Site>($"select {Columns} from sites where id = @site", new { site });

    public async Task<Change<Site>> Create(NewSite request, CancellationToken cancellationToken)
    {
        var problems = Check(request, out var domain);
        if (problems.Any)
            return Refusal.Invalid(problems);

        var site = new Site(
            request.Id ?? Guid.CreateVersion7(time.GetUtcNow()), request.Name!, domain, NullIfEmpty(request.LoginUrlTemplate),
            request.RequireProven ?? false, request.Limits is { IsNone: false } limits ? limits : null);
        const string sql = """
            with site as (
                insert into sites (id, name, domain, login_url_template, require_proven, limits)
                values (@Id, @Name, @Domain, @LoginUrlTemplate, @RequireProven, @Limits::jsonb)
            )
            insert into destinations (id, site_id, kind, name, url, secret, partner_id)
            values (@DestinationId, @Id, 'lead_manager', 'Lead Manager', @Url, @Secret, @PartnerId)
            """;
        try
        {
            await using var change = await changes.Begin(cancellationToken);
            await change.Connection.ExecuteAsync(sql, new
            {
                site.Id, site.Name, site.Domain, site.LoginUrlTemplate, site.RequireProven,
                Limits = site.Limits?.ToJson(),
                DestinationId = Guid.CreateVersion7(time.GetUtcNow()),
                request.LeadManager!.Url, Secret = secrets.Protect(request.LeadManager.Secret!), PartnerId = request.LeadManager.PartnerId
                    ?? "",
            });
            await change.Commit(cancellationToken);
            return site;
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return Refusal.Conflict("A site with this id exists already.");
        }
    }

    /// <summary>Owners decide whether destinations must be proven; the rest is for operators.</summary>
    public async Task<Change<Site>> Change(Guid site, SiteFields fields, CancellationToken cancellationToken)
    {
        if (!changes.Account.IsOperator
            && ((fields.Name ?? fields.Domain ?? fields.LoginUrlTemplate) is not null || fields.Limits is not null))
        {
            return new Refusal(StatusCodes.Status403Forbidden,
                "A site's name, domain, login URL and limits are changed by the operators of this router: ask them.");
        }

        var problems = new FieldProblems();
        if (fields.Name is not null)
            problems.RequireText("name", fields.Name);
        var domain = fields.Domain is null ? null : problems.RequireHostName("domain", fields.Domain);
        CheckTemplate(problems, fields.LoginUrlTemplate);
        CheckLimits(problems, fields.Limits);
        if (problems.Any)
            return Refusal.Invalid(problems);

        await using var change = await changes.Begin(cancellationToken);
        var changed = await change.Connection.QuerySingleOrDefaultAsync<Site>(
            $"""
            update sites
            set name = coalesce(@Name, name), domain = coalesce(@domain, domain), require_proven = coalesce(@RequireProven, require_proven),
                login_url_template = case when @LoginUrlTemplate is null then login_url_template else nullif(@LoginUrlTemplate, '') end,
                limits = case when @changesLimits then @Limits::jsonb else limits end
            where id = @site
            returning {Columns}
            """,
            new
            {
                site, fields.Name, domain, fields.LoginUrlTemplate, fields.RequireProven, changesLimits = fields.Limits is not null,
                Limits = fields.Limits is { IsNone: false } limits ? limits.ToJson() : null,
            });
        await change.Commit(cancellationToken);
        return changed is null ? Refusal.NoSuch("site") : changed;
    }

    private FieldProblems Check(NewSite request, out string domain)
    {
        var problems = new FieldProblems();
        problems.RequireText("name", request.Name);
        domain = problems.RequireHostName("domain", request.Domain);
        CheckTemplate(problems, request.LoginUrlTemplate);
        CheckLimits(problems, request.Limits);
        problems.RequireDestinationUrl("lead_manager.url", request.LeadManager?.Url, guard);
        problems.RequireText("lead_manager.secret", request.LeadManager?.Secret, most: 500);
        problems.CheckText("lead_manager.partner_id", request.LeadManager?.PartnerId);
        return problems;
    }

    private static void CheckLimits(FieldProblems problems, OwnLimits? limits)
    {
        if (limits?.Problem is { } wrong)
            problems.Add($"limits.{wrong.Name}", wrong.Sentence);
    }

    private static void CheckTemplate(FieldProblems problems, string? template)
    {
        if (!string.IsNullOrEmpty(template))
            problems.RequireUrl("login_url_template", template.Replace(LoginUrl.Placeholder, "id", StringComparison.Ordinal));
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
