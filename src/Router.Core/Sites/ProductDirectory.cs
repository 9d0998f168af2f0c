using System.Collections.Frozen;
using Dapper;
using Npgsql;
using Router.Core.Database;

namespace Router.Core.Sites;

/// <summary>The products and the sites each may send for, cached: a known product costs ingest no query.</summary>
public sealed class ProductDirectory
{
    private readonly NpgsqlDataSource _database;
    private readonly StaleTolerantCache<string, Product> _products;

    /// <summary>Starts to follow changes.</summary>
    public ProductDirectory(NpgsqlDataSource database, DirectoryChanges changes, TimeProvider time)
    {
        _database = database;
        _products = new StaleTolerantCache<string, Product>(Load, TimeSpan.FromSeconds(30), time);
        changes.ProductChanged += _products.Invalidate;
        changes.EverythingChanged += _products.InvalidateAll;
    }

    /// <summary>The product of that username, or null.</summary>
    /// <exception cref="NpgsqlException">The database is away and this product was never asked for before.</exception>
    public ValueTask<Product?> Find(string username, CancellationToken cancellationToken) => _products.Get(username, cancellationToken);

    /// <summary>For the host that changed a product itself: its next request must not be faster than the announcement.</summary>
    public void Invalidate(string username) => _products.Invalidate(username);

    private async Task<Product?> Load(string username, CancellationToken cancellationToken)
    {
        const string sql = """
            select p.username, p.display_name, p.is_lead_manager, p.password_sha256,
                   array(select s.site_id from product_sites s where s.product = p.username) as sites
            from products p
            where p.username = @username
            """;
        await using var connection = await _database.OpenConnectionAsync(cancellationToken);
        var row = await connection.QuerySingleOrDefaultAsync<(
            string Username, string DisplayName, bool IsLeadManager, byte[] Password, Guid[] Sites)?>(
            new CommandDefinition(sql, new { username }, cancellationToken: cancellationToken));
        return row is { } found
            ? new Product(found.Username, found.DisplayName, found.IsLeadManager, found.Password, found.Sites.ToFrozenSet())
            : null;
    }
}
