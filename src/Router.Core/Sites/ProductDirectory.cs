using System.Collections.Frozen;
using System.Net;
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
            select p.username, p.display_name, p.is_lead_manager, p.password_sha256, p.previous_password_sha256, p.previous_password_until,
                   p.networks, array(select s.site_id from product_sites s where s.product = p.username) as sites
            from products p
            where p.username = @username
            """;
        await using var connection = await _database.OpenConnectionAsync(cancellationToken);
        var row = await connection.QuerySingleOrDefaultAsync<Row>(
            new CommandDefinition(sql, new { username }, cancellationToken: cancellationToken));
        return row is null ? null
            : new Product(
                row.Username, row.DisplayName, row.IsLeadManager, new ProductPassword(row.PasswordSha256), row.Sites.ToFrozenSet())
            {
                Previous = row.PreviousPasswordSha256 is { } previous ? new ProductPassword(previous) : null,
                PreviousUntil = row.PreviousPasswordUntil,
                // What somebody has misspelled by hand is no network: it lets nobody in.
                Networks = row.Networks.Length == 0 ? null
                    : [.. row.Networks.Select(text => IPNetwork.TryParse(text, out var network) ? network : (IPNetwork?)null)
                        .OfType<IPNetwork>()],
            };
    }

    private sealed record Row(
        string Username, string DisplayName, bool IsLeadManager, byte[] PasswordSha256, byte[]? PreviousPasswordSha256,
        DateTimeOffset? PreviousPasswordUntil, string[] Networks, Guid[] Sites);
}
