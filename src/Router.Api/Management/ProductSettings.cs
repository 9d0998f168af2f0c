using System.Text.RegularExpressions;
using Dapper;
using Npgsql;
using Router.Api.Changes;
using Router.Core.Sites;

namespace Router.Api.Management;

/// <summary>A new sending system.</summary>
/// <param name="Username">Its Basic username.</param>
/// <param name="DisplayName">What receivers see as <c>source_system</c>.</param>
/// <param name="IsLeadManager">Whether it is the Lead Manager itself, which alone may write users.</param>
internal sealed record NewProduct(string? Username = null, string? DisplayName = null, bool? IsLeadManager = null);

/// <summary>What a product identifies itself with; its password is shown this once.</summary>
internal sealed record ProductCredentials(string Username, string Password);

/// <summary>A sending system and the sites that it may send for.</summary>
/// <param name="Username">Its Basic username.</param>
/// <param name="DisplayName">What receivers see as <c>source_system</c>, and owners on its card.</param>
/// <param name="IsLeadManager">Whether it is the Lead Manager itself.</param>
/// <param name="Description">What its card says; empty when nothing was written yet.</param>
/// <param name="Offered">Whether every owner sees its card, and may let it in.</param>
/// <param name="Sites">The sites that it may send for.</param>
internal sealed record ProductRow(
    string Username, string DisplayName, bool IsLeadManager, string Description, bool Offered, Guid[] Sites);

/// <summary>What may be said of a product. A change leaves alone what is absent.</summary>
/// <param name="Description">What its card says, in a sentence or two; 1,000 characters at most.</param>
/// <param name="Offered">Whether every owner sees its card, and may let it in. Sites that let it in before keep it.</param>
internal sealed record ProductFields(string? Description = null, bool? Offered = null);

/// <summary>Changes of products, for the API and the pages alike.</summary>
internal sealed partial class ProductSettings(ConfigurationChanges changes, ProductDirectory products)
{
    private const string Columns = """
        p.username, p.display_name, p.is_lead_manager, p.description, p.offered,
        array(select s.site_id from product_sites s where s.product = p.username) as sites
        """;

    public static async Task<List<ProductRow>> List(NpgsqlConnection connection, string? after, int limit) =>
        (await connection.QueryAsync<ProductRow>(
            $"""
            select {Columns} from products p
            where @after is null or p.username > @after
            order by p.username
            limit @limit
            """, new { after, limit })).AsList();

    public static Task<ProductRow?> Find(NpgsqlConnection connection, string username) =>
        connection.QuerySingleOrDefaultAsync<ProductRow>(
            $"select {Columns} from products p where p.username = @username", new { username });

    public async Task<Change<ProductCredentials>> Create(NewProduct request, CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        // It is part of paths, where dots alone mean something else.
        if (request.Username is null || !UsernameShape().IsMatch(request.Username) || request.Username.All(letter => letter == '.'))
            problems.Add("username", "'username' must be 1 to 100 letters, digits or . _ @ - and not only dots.");
        problems.RequireText("display_name", request.DisplayName);
        if (problems.Any)
            return Refusal.Invalid(problems);

        var credentials = new ProductCredentials(request.Username!, Credential.Generate());
        try
        {
            await using var change = await changes.Begin(cancellationToken);
            await change.Connection.ExecuteAsync(
                """
                insert into products (username, display_name, is_lead_manager, password_sha256)
                values (@Username, @DisplayName, @IsLeadManager, @Hash)
                """,
                new { request.Username, request.DisplayName, IsLeadManager = request.IsLeadManager ?? false,
                    Hash = Credential.Hash(credentials.Password) });
            await change.Commit(cancellationToken);
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return Refusal.Conflict("A product with this username exists already.");
        }

        products.Invalidate(credentials.Username);
        return credentials;
    }

    /// <summary>What owners read of it, and whether it is on offer to them.</summary>
    public async Task<Change<ProductRow>> Change(string username, ProductFields fields, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        await change.Connection.ExecuteAsync("select from products where username = @username for update", new { username });
        if (await Find(change.Connection, username) is not { } stored)
            return Refusal.NoSuch("product");

        var offered = fields.Offered ?? stored.Offered;
        var problems = new FieldProblems();
        if (offered)
            problems.RequireText("description", fields.Description ?? stored.Description, most: 1000);
        else
            problems.CheckText("description", fields.Description, most: 1000);
        if (problems.Any)
            return Refusal.Invalid(problems);
        if (offered && stored.IsLeadManager)
            return Refusal.Conflict("A Lead Manager writes the users of its sites, so it can't be on offer: operators give it its sites.");

        await change.Connection.ExecuteAsync(
            "update products set description = coalesce(@Description, description), offered = @offered where username = @username",
            new { username, fields.Description, offered });
        await change.Commit(cancellationToken);
        return stored with { Description = fields.Description ?? stored.Description, Offered = offered };
    }

    /// <summary>For a lost password or a leaked one: the old one ends at once.</summary>
    public async Task<Change<ProductCredentials>> NewPassword(string username, CancellationToken cancellationToken)
    {
        var credentials = new ProductCredentials(username, Credential.Generate());
        await using var change = await changes.Begin(cancellationToken);
        var changed = await change.Connection.ExecuteAsync(
            "update products set password_sha256 = @Hash where username = @username",
            new { username, Hash = Credential.Hash(credentials.Password) });
        await change.Commit(cancellationToken);
        products.Invalidate(username);
        return changed == 0 ? Refusal.NoSuch("product") : credentials;
    }

    /// <summary>The product may send for the site.</summary>
    public async Task<Change<string>> Allow(string username, Guid site, CancellationToken cancellationToken)
    {
        try
        {
            await using var change = await changes.Begin(cancellationToken);
            await change.Connection.ExecuteAsync(
                "insert into product_sites (product, site_id) values (@username, @site) on conflict do nothing", new { username, site });
            await change.Commit(cancellationToken);
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return Refusal.NoSuch("product or site");
        }

        products.Invalidate(username);
        return username;
    }

    /// <summary>The product may no longer send for the site.</summary>
    public async Task<Change<string>> Forbid(string username, Guid site, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        var removed = await change.Connection.ExecuteAsync(
            "delete from product_sites where product = @username and site_id = @site", new { username, site });
        await change.Commit(cancellationToken);
        products.Invalidate(username);
        return removed == 0 ? Refusal.NoSuch("access") : username;
    }

    // The same as the database's check: no colon, which ends the username in a Basic header.
    [GeneratedRegex(@"^[A-Za-z0-9._@-]{1,100}\z", RegexOptions.CultureInvariant, Timeout.Infinite)]
    private static partial Regex UsernameShape();
}
