using Dapper;
using Npgsql;
using Router.Core.Sites;

namespace Router.Api.Authentication;

/// <summary>Looks up who makes a request. Read anew for each: a disabled account or a revoked token ends at once.</summary>
internal sealed class AccountDirectory(NpgsqlDataSource database)
{
    private const string Columns =
        """
        a.id, a.email, a.role, array(select s.site_id from account_sites s where s.account_id = a.id) as sites,
        array(select s.site_id from account_sites s where s.account_id = a.id and s.role = 'viewer') as viewed,
        coalesce(a.time_zone, 'Etc/UTC') as time_zone
        """;

    /// <summary>The account of a session; null once it is disabled or its password was changed since.</summary>
    public async Task<Account?> Find(Guid id, Guid stamp, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<Account>(new CommandDefinition(
            $"select {Columns}, null::text as token from accounts a where a.id = @id and a.stamp = @stamp and a.disabled_at is null",
            new { id, stamp }, cancellationToken: cancellationToken));
    }

    /// <summary>The account of an API token; null when there is no such token, it is revoked or its account disabled.</summary>
    public async Task<Account?> FindByToken(string token, CancellationToken cancellationToken)
    {
        // Written once a minute at most: the time is for people.
        const string sql = $"""
            with used as (
                update api_tokens set last_used_at = now()
                where token_sha256 = @Hash and revoked_at is null and (last_used_at is null or last_used_at < now() - interval '1 minute')
            )
            select {Columns}, t.name as token
            from api_tokens t join accounts a on a.id = t.account_id
            where t.token_sha256 = @Hash and t.revoked_at is null and a.disabled_at is null
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<Account>(
            new CommandDefinition(sql, new { Hash = Credential.Hash(token) }, cancellationToken: cancellationToken));
    }
}
