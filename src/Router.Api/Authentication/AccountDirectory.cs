using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Sites;
using Router.Hosting.ApiSettings;

namespace Router.Api.Authentication;

/// <summary>Looks up who makes a request. Read anew for each: a disabled account or a revoked token ends at once.</summary>
internal sealed class AccountDirectory(NpgsqlDataSource database, IOptions<SessionLimitOptions> options)
{
    private const string Columns =
        """
        a.id, a.email, a.role, array(select s.site_id from account_sites s where s.account_id = a.id) as sites,
        array(select s.site_id from account_sites s where s.account_id = a.id and s.role = 'viewer') as viewed,
        coalesce(a.time_zone, 'Etc/UTC') as time_zone
        """;

    /// <summary>
    /// The account of a session, or why that is over; null when there is no such session. That it was used is written once a minute at
    /// most.
    /// </summary>
    public async Task<FoundSession?> FindBySession(string token, string? address, CancellationToken cancellationToken)
    {
        const string sql = $"""
            with seen as (
                update sessions set last_seen_at = now(), address = @address
                where token_sha256 = @Hash and ended_at is null and last_seen_at < now() - interval '1 minute'
                  and last_seen_at > now() - @IdleLimit and started_at > now() - @AbsoluteLimit
            )
            select {Columns}, s.id as session_id, s.how, s.started_at, s.confirmed_at,
                   case when s.ended_at is not null then s.end_reason when a.disabled_at is not null then 'disabled'
                        when s.started_at <= now() - @AbsoluteLimit then 'absolute'
                        when s.last_seen_at <= now() - @IdleLimit then 'idle' end as end_reason
            from sessions s join accounts a on a.id = s.account_id
            where s.token_sha256 = @Hash
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var row = await connection.QuerySingleOrDefaultAsync<SessionRow>(new CommandDefinition(
            sql, new { Hash = Credential.Hash(token), address, options.Value.IdleLimit, options.Value.AbsoluteLimit },
            cancellationToken: cancellationToken));
        return row is null ? null : new FoundSession(row.EndReason is null ? row.Account() : null, row.EndReason);
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
            select {Columns}, t.id as token_id, t.name, t.scope, t.sites as only_sites, t.expires_at
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

    private sealed record SessionRow(
        Guid Id, string Email, string Role, Guid[] Sites, Guid[] Viewed, string TimeZone, Guid SessionId, string How,
        DateTimeOffset StartedAt, DateTimeOffset ConfirmedAt, string? EndReason) : Row(Id, Email, Role, Sites, Viewed, TimeZone)
    {
        public override Account Account() =>
            base.Account() with { Session = new SessionOfRequest(SessionId, How, StartedAt, ConfirmedAt) };
    }

    private sealed record TokenRow(
        Guid Id, string Email, string Role, Guid[] Sites, Guid[] Viewed, string TimeZone, Guid TokenId, string Name, string Scope,
        Guid[]? OnlySites, DateTimeOffset? ExpiresAt) : Row(Id, Email, Role, Sites, Viewed, TimeZone)
    {
        public override Account Account() =>
            base.Account() with { Token = new TokenOfRequest(TokenId, Name, Scope, OnlySites, ExpiresAt) };
    }
}

/// <summary>A session that there is, or was.</summary>
/// <param name="Account">Whose it is; null when it is over.</param>
/// <param name="End">Why it is over: one of <see cref="SessionEnds"/>; null while it isn't.</param>
internal sealed record FoundSession(Account? Account, string? End);
