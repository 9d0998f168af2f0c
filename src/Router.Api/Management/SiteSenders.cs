using Dapper;
using Npgsql;
using Router.Api.Changes;
using Router.Core.Sites;

namespace Router.Api.Management;

/// <summary>A product as a site's people see it: it may send leads for the site, or is on offer.</summary>
/// <param name="Username">What it signs in with; its id here.</param>
/// <param name="Name">What its card says, and receivers see as <c>source_system</c>.</param>
/// <param name="Description">What it does, in a sentence or two; empty when its operator wrote nothing.</param>
/// <param name="Offered">Whether every owner may let it in.</param>
/// <param name="IsLetIn">Whether it may send for this site.</param>
/// <param name="Since">Since when it may; null when it may not.</param>
/// <param name="LetInBy">Who let it in, as the audit log names them.</param>
/// <param name="LastMessageAt">
/// When its last message for this site came in (a lead, an update, activities); null when none of the site's latest 1,000 is its own.
/// </param>
/// <param name="CanWithdraw">
/// Whether an owner of the site may withdraw it: it is on offer, or an owner let it in. What an operator gave, and can't be let in
/// again by an owner, only an operator takes away.
/// </param>
internal sealed record Sender(
    string Username, string Name, string Description, bool Offered, bool IsLetIn, DateTimeOffset? Since, string? LetInBy,
    DateTimeOffset? LastMessageAt, bool CanWithdraw);

/// <summary>
/// Which products may send for a site, and which of those on offer its owners let in. Of products that are neither, nobody hears here.
/// </summary>
internal sealed class SiteSenders(NpgsqlDataSource database, ConfigurationChanges changes, ProductDirectory products)
{
    /// <summary>Among how many of a site's latest messages those of each product are looked for.</summary>
    public const int Latest = 1000;

    /// <summary>Those that are let in first; then by name.</summary>
    public async Task<List<Sender>> List(Guid site, CancellationToken cancellationToken)
    {
        // By the index of what the site received: a product that never sends would otherwise cost a look at all of it.
        const string sql = """
            with latest as (
                select product, max(accepted_at) as at
                from (select product, accepted_at from lead_events
                      where site_id = @site and test is null and product <> ''
                      order by accepted_at desc limit @Latest) newest
                group by product)
            select p.username, p.display_name as name, p.description, p.offered, s.product is not null as is_let_in, s.since, s.let_in_by,
                   latest.at as last_message_at, s.product is not null and (p.offered or s.by_owner) as can_withdraw
            from products p
            left join product_sites s on s.product = p.username and s.site_id = @site
            left join latest on latest.product = s.product
            where s.product is not null or p.offered
            order by s.product is null, lower(p.display_name), p.username
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<Sender>(
            new CommandDefinition(sql, new { site, Latest }, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>The product may send for the site from now on, if it is on offer. Its name.</summary>
    public async Task<Change<string>> LetIn(Guid site, string username, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        try
        {
            await change.Connection.ExecuteAsync(
                """
                insert into product_sites (product, site_id, by_owner)
                select username, @site, @ByOwner from products where username = @username and offered
                on conflict do nothing
                """, new { site, username, ByOwner = !changes.Account.IsOperator });
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return Refusal.NoSuch("site");
        }

        // The same for one that isn't on offer and one that isn't there: nobody finds out which products there are.
        if (await NameOf(change.Connection, site, username) is not { } name)
            return Refusal.NoSuch("sender on offer");

        await change.Commit(cancellationToken);
        products.Invalidate(username);
        return name;
    }

    /// <summary>The product may no longer send for the site. Its name.</summary>
    public async Task<Change<string>> Withdraw(Guid site, string username, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        if (await NameOf(change.Connection, site, username) is not { } name)
            return Refusal.NoSuch("sender of this site");

        var withdrawn = await change.Connection.ExecuteAsync(
            """
            delete from product_sites s using products p
            where s.product = @username and s.site_id = @site and p.username = s.product and (p.offered or s.by_owner)
            """, new { site, username });
        if (withdrawn == 0)
            return Refusal.Conflict($"{name} was let in by an operator and isn't on offer: ask an operator to withdraw it.");

        await change.Commit(cancellationToken);
        products.Invalidate(username);
        return name;
    }

    /// <summary>Of a product that may send for the site; null of any other.</summary>
    private static Task<string?> NameOf(NpgsqlConnection connection, Guid site, string username) =>
        connection.QuerySingleOrDefaultAsync<string>(
            """
            select p.display_name from product_sites s join products p on p.username = s.product
            where s.site_id = @site and s.product = @username
            """, new { site, username });
}
