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
/// <param name="Password">
/// One that it has already, where it moves here from another router: 16 to 200 visible characters of ASCII. Absent: one is made.
/// </param>
internal sealed record NewProduct(
    string? Username = null, string? DisplayName = null, bool? IsLeadManager = null, string? Password = null);

/// <summary>What a product identifies itself with.</summary>
/// <param name="Username">Its Basic username.</param>
/// <param name="Password">The one that was made, shown this once; null when the caller gave its own.</param>
internal sealed record ProductCredentials(string Username, string? Password);

/// <summary>A sending system and the sites that it may send for.</summary>
/// <param name="Username">Its Basic username.</param>
/// <param name="DisplayName">What receivers see as <c>source_system</c>, and owners on its card.</param>
/// <param name="IsLeadManager">Whether it is the Lead Manager itself.</param>
/// <param name="Description">What its card says; empty when nothing was written yet.</param>
/// <param name="Offered">Whether every owner sees its card, and may let it in.</param>
/// <param name="Sites">The sites that it may send for.</param>
/// <param name="Networks">From which it may send, as CIDR; none: from anywhere.</param>
/// <param name="PasswordChangedAt">Since when it has its password.</param>
/// <param name="PasswordUsedAt">When its password let it in last; null: not yet.</param>
/// <param name="HasPreviousPassword">Whether the password before still lets it in.</param>
/// <param name="PreviousPasswordUntil">Until when that one does; null: until somebody ends it.</param>
/// <param name="PreviousPasswordUsedAt">When that one let it in last; null: never since this is noted.</param>
internal sealed record ProductRow(
    string Username, string DisplayName, bool IsLeadManager, string Description, bool Offered, Guid[] Sites, string[] Networks,
    DateTimeOffset PasswordChangedAt, DateTimeOffset? PasswordUsedAt, bool HasPreviousPassword, DateTimeOffset? PreviousPasswordUntil,
    DateTimeOffset? PreviousPasswordUsedAt);

/// <summary>What may be said of a product. A change leaves alone what is absent.</summary>
/// <param name="Description">What its card says, in a sentence or two; 1,000 characters at most.</param>
/// <param name="Offered">Whether every owner sees its card, and may let it in. Sites that let it in before keep it.</param>
/// <param name="DisplayName">What receivers see as <c>source_system</c>.</param>
/// <param name="Password">Another password, as of a new product; the old ones end at once. Never shown.</param>
/// <param name="Networks">From which it may send, as CIDR or addresses; an empty list: from anywhere.</param>
internal sealed record ProductFields(
    string? Description = null, bool? Offered = null, string? DisplayName = null, string? Password = null, string[]? Networks = null);

/// <summary>Changes of products, for the API and the pages alike.</summary>
internal sealed partial class ProductSettings(ConfigurationChanges changes, ProductDirectory products)
{
    private const string Columns = """
        p.username, p.display_name, p.is_lead_manager, p.description, p.offered,
        array(select s.site_id from product_sites s where s.product = p.username) as sites, p.networks, p.password_changed_at,
        (select used_at from product_uses u where u.product = p.username and u.password_sha256 = p.password_sha256) as password_used_at,
        p.previous_password_sha256 is not null and coalesce(p.previous_password_until > now(), true) as has_previous_password,
        p.previous_password_until,
        (select used_at from product_uses u where u.product = p.username and u.password_sha256 = p.previous_password_sha256)
            as previous_password_used_at
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
        CheckPassword(problems, request.Password);
        if (problems.Any)
            return Refusal.Invalid(problems);

        var password = request.Password ?? Credential.Generate();
        var credentials = new ProductCredentials(request.Username!, request.Password is null ? password : null);
        try
        {
            await using var change = await changes.Begin(cancellationToken);
            await change.Connection.ExecuteAsync(
                """
                insert into products (username, display_name, is_lead_manager, password_sha256)
                values (@Username, @DisplayName, @IsLeadManager, @Hash)
                """,
                new { request.Username, request.DisplayName, IsLeadManager = request.IsLeadManager ?? false,
                    Hash = Credential.Hash(password) });
            await change.Commit(cancellationToken);
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return Refusal.Conflict("A product with this username exists already.");
        }

        products.Invalidate(credentials.Username);
        return credentials;
    }

    /// <summary>Its names, its password, and whether it is on offer to owners.</summary>
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
        if (fields.DisplayName is not null)
            problems.RequireText("display_name", fields.DisplayName);
        CheckPassword(problems, fields.Password);
        var networks = ProductNetworks.Check(problems, fields.Networks);
        if (problems.Any)
            return Refusal.Invalid(problems);
        if (offered && stored.IsLeadManager)
            return Refusal.Conflict("A Lead Manager writes the users of its sites, so it can't be on offer: operators give it its sites.");

        await change.Connection.ExecuteAsync(
            """
            update products
            set description = coalesce(@Description, description), offered = @offered, display_name = coalesce(@DisplayName, display_name),
                password_sha256 = coalesce(@Hash, password_sha256), networks = coalesce(@networks, networks),
                password_changed_at = case when @Hash is null then password_changed_at else now() end,
                previous_password_sha256 = case when @Hash is null then previous_password_sha256 end,
                previous_password_until = case when @Hash is null then previous_password_until end
            where username = @username
            """,
            new
            {
                username, fields.Description, offered, fields.DisplayName, networks,
                Hash = fields.Password is null ? null : Credential.Hash(fields.Password),
            });
        var changed = await Find(change.Connection, username);
        await change.Commit(cancellationToken);
        products.Invalidate(username);
        return changed!;
    }

    /// <summary>For a lost password or a leaked one: the old ones end at once.</summary>
    public async Task<Change<ProductCredentials>> NewPassword(string username, CancellationToken cancellationToken)
    {
        var password = Credential.Generate();
        await using var change = await changes.Begin(cancellationToken);
        var changed = await change.Connection.ExecuteAsync(
            """
            update products
            set password_sha256 = @Hash, password_changed_at = now(), previous_password_sha256 = null, previous_password_until = null
            where username = @username
            """, new { username, Hash = Credential.Hash(password) });
        await change.Commit(cancellationToken);
        products.Invalidate(username);
        return changed == 0 ? Refusal.NoSuch("product") : new ProductCredentials(username, password);
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

    // It is stored under a single SHA-256, which is enough for what nobody can guess.
    private static void CheckPassword(FieldProblems problems, string? password)
    {
        if (password is not null && (password.Length is < 16 or > 200 || password.Any(character => character is <= ' ' or > '~')))
            problems.Add("password", "'password' must be 16 to 200 visible characters of ASCII; leave it out to have one made.");
    }

    // The same as the database's check: no colon, which ends the username in a Basic header.
    [GeneratedRegex(@"^[A-Za-z0-9._@-]{1,100}\z", RegexOptions.CultureInvariant, Timeout.Infinite)]
    private static partial Regex UsernameShape();
}
