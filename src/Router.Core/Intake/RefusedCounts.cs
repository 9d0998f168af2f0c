using Dapper;
using Npgsql;

namespace Router.Core.Intake;

/// <summary>Requests of one product that were refused for one reason.</summary>
/// <param name="Product">Its username.</param>
/// <param name="Status">What it was answered with, 400 to 499.</param>
/// <param name="Reason">The sentence that it got, without the place in its body.</param>
/// <param name="LastDay">How many within the last 24 hours, in whole hours.</param>
/// <param name="LastMonth">How many within the last 30 days.</param>
/// <param name="LastAt">When the last one was refused.</param>
public sealed record RefusedCount(string Product, int Status, string Reason, long LastDay, long LastMonth, DateTimeOffset LastAt);

/// <summary>How many requests of known products each API host refused, and why, for 30 days.</summary>
public sealed class RefusedCounts(NpgsqlDataSource database)
{
    private const string Kept = "interval '30 days'";

    /// <summary>Adds what was refused just now.</summary>
    /// <exception cref="NpgsqlException">Nothing was added.</exception>
    public async Task Add(IReadOnlyCollection<(string Product, int Status, string Reason, long Count, DateTimeOffset LastAt)> refused,
        CancellationToken cancellationToken)
    {
        // In one order, so that two hosts don't wait for each other's rows.
        const string sql = """
            insert into refused_requests (product, hour, status, reason, count, last_at)
            select product, date_trunc('hour', last_at, 'UTC'), status, reason, count, last_at
            from unnest(@products, @statuses, @reasons, @counts, @times) as r (product, status, reason, count, last_at)
            order by product, status, reason
            on conflict (product, hour, status, reason) do update
            set count = refused_requests.count + excluded.count, last_at = greatest(refused_requests.last_at, excluded.last_at)
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            sql,
            new
            {
                products = refused.Select(one => one.Product).ToArray(),
                statuses = refused.Select(one => (short)one.Status).ToArray(),
                reasons = refused.Select(one => one.Reason).ToArray(),
                counts = refused.Select(one => one.Count).ToArray(),
                times = refused.Select(one => one.LastAt).ToArray(),
            }, cancellationToken: cancellationToken));
    }

    /// <summary>The latest reasons first.</summary>
    /// <param name="product">A username, or null for all products.</param>
    /// <param name="most">How many reasons at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<List<RefusedCount>> List(string? product, int most, CancellationToken cancellationToken)
    {
        const string sql = $"""
            select product, status::int, reason,
                   coalesce(sum(count) filter (where hour > now() - interval '24 hours'), 0)::bigint as last_day,
                   sum(count)::bigint as last_month, max(last_at) as last_at
            from refused_requests
            where (@product is null or product = @product) and hour > now() - {Kept}
            group by product, status, reason
            order by max(last_at) desc, product, reason
            limit @most
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<RefusedCount>(
            new CommandDefinition(sql, new { product, most }, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>How many requests of how many products were refused within the last 24 hours.</summary>
    public async Task<(long Requests, int Products)> LastDay(CancellationToken cancellationToken)
    {
        const string sql = """
            select coalesce(sum(count), 0)::bigint, count(distinct product)::int
            from refused_requests where hour > now() - interval '24 hours'
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<(long, int)>(new CommandDefinition(sql, cancellationToken: cancellationToken));
    }

    internal static Task DropOld(NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
            $"delete from refused_requests where hour < @now - {Kept}", new { now }, cancellationToken: cancellationToken));
}
