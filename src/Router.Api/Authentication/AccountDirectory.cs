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
        return (await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            $"select {Columns} from accounts a where a.id = @id and a.stamp = @stamp and a.disabled_at is null",
            new { id, stamp }, cancellationToken: cancellationToken)))?.Account();
    }

    /// <summary>
    /// The account of an API token, also if the token has expired; null when there is no such token, it is revoked or its account disabled.
    /// </summary>
    public async Task<Account?> FindByToken(string token, CancellationToken cancellationToken)
    {
        // Written once a minute at most: the time is for people.
        const string sql = $"""
            with used as (
                update api_tokens set last_used_at = now()
                where token_sha256 = @Hash and revoked_at is null and (expires_at is null or expires_at > now())
                  and (last_used_at is null or last_used_at < now() - interval '1 minute')
            )
            select {Columns}, t.name, t.scope, t.sites as only_sites, t.expires_at
            from api_tokens t join accounts a on a.id = t.account_id
            where t.token_sha256 = @Hash and t.revoked_at is null and a.disabled_at is null
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QuerySingleOrDefaultAsync<TokenRow>(
            new CommandDefinition(sql, new { Hash = Credential.Hash(token) }, cancellationToken: cancellationToken)))?.Account();
    }

    private record Row(Guid Id, string Email, string Role, Guid[] Sites, Guid[] Viewed, string TimeZone)
    {
        public virtual Account Account() => new(Id, Email, Role, Sites, Viewed, TimeZone);
    }

    private sealed record TokenRow(
        Guid Id, string Email, string Role, Guid[] Sites, Guid[] Viewed, string TimeZone, string Name, string Scope, Guid[]? OnlySites,
        DateTimeOffset? ExpiresAt) : Row(Id, Email, Role, Sites, Viewed, TimeZone)
    {
        public override Account Account() => base.Account() with { Token = new TokenOfRequest(Name, Scope, OnlySites, ExpiresAt) };
    }
}
