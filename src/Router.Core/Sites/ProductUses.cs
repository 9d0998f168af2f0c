using System.Collections.Concurrent;
using Npgsql;
using NpgsqlTypes;
using Router.Core.Database;
using Router.Core.Duties;

namespace Router.Core.Sites;

/// <summary>
/// Writes down when each password of a product was used last, so that an operator sees when an old one can go. Every few seconds: a
/// request costs no query.
/// </summary>
public sealed class ProductUses(NpgsqlDataSource database, HostDuties duties, TimeProvider time)
    : PeriodicWork("Noting which passwords products use", Interval, duties, time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly ConcurrentQueue<(string Product, ProductPassword Password)> _used = new();

    /// <summary>It was let in with this one.</summary>
    public void Note(Product product, ProductPassword password, DateTimeOffset now)
    {
        if (password.Use(now))
            _used.Enqueue((product.Username, password));
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Try(Once, cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task Once(CancellationToken cancellationToken)
    {
        var used = new List<(string Product, ProductPassword Password)>();
        while (_used.TryDequeue(out var one))
            used.Add(one);
        if (used.Count == 0)
            return;

        foreach (var (_, password) in used)
            password.Told();
        try
        {
            await Write([.. used.DistinctBy(one => (one.Product, Convert.ToHexString(one.Password.Sha256)))], cancellationToken);
        }
        catch
        {
            foreach (var one in used)
                _used.Enqueue(one);
            throw;
        }
    }

    private async Task Write(List<(string Product, ProductPassword Password)> used, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // A product that is gone by now has no uses; in one order, or two hosts would wait for each other.
        await using var command = new NpgsqlCommand(
            """
            insert into product_uses as u (product, password_sha256, used_at)
            select n.product, n.password_sha256, n.used_at
            from unnest($1, $2, $3) as n (product, password_sha256, used_at) join products p on p.username = n.product
            order by n.product, n.password_sha256
            on conflict (product, password_sha256) do update set used_at = greatest(u.used_at, excluded.used_at)
            """, connection);
        command.Add(NpgsqlDbType.Text, used, one => one.Product);
        command.Add(NpgsqlDbType.Bytea, used, one => one.Password.Sha256);
        command.Add(NpgsqlDbType.TimestampTz, used, one => one.Password.UsedAt.UtcDateTime);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
