using Dapper;
using Npgsql;

namespace Router.Core.Deliveries;

/// <summary>How much was taken in from senders, over all sites. Tests don't count.</summary>
public sealed class IntakeByHour(NpgsqlDataSource database)
{
    /// <summary>Within the last hour, by kind.</summary>
    public async Task<MessageCounts> LastHour(CancellationToken cancellationToken)
    {
        const string sql = $"""
            select {MessageCounts.Columns}
            from sites s cross join lateral (
                select action from lead_events
                where site_id = s.id and test is null and product <> '' and accepted_at > now() - interval '1 hour'
            ) e
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleAsync<MessageCounts>(new CommandDefinition(sql, cancellationToken: cancellationToken));
    }

    /// <summary>Leads, their changes and activities by hour of the last 24, the present one last.</summary>
    public async Task<int[]> ByHour(CancellationToken cancellationToken)
    {
        const string sql = """
            select array_agg(coalesce(counted.count, 0) order by hour) from generate_series(0, 23) as hour
            left join (
                -- Site by site, each from the index alone.
                select 23 - floor(extract(epoch from now() - e.accepted_at) / 3600)::int as hour, count(*)::int
                from sites s cross join lateral (
                    select accepted_at from lead_events
                    where site_id = s.id and test is null and product <> '' and accepted_at > now() - interval '24 hours'
                ) e
                group by 1
            ) counted using (hour)
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (int[])(await connection.ExecuteScalarAsync(new CommandDefinition(sql, cancellationToken: cancellationToken)))!;
    }
}
