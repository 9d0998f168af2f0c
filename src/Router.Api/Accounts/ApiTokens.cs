using Dapper;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Core.Sites;

namespace Router.Api.Accounts;

/// <summary>An API token as its account sees it: never the token itself.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">What it is for.</param>
/// <param name="Scope"><c>read</c>, <c>configure</c> or <c>operate</c>.</param>
/// <param name="Sites">The only sites that it sees; null for all of its account's.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it ends; null for never.</param>
/// <param name="LastUsedAt">To the minute; null for never.</param>
internal sealed record ApiTokenRow(
    Guid Id, string Name, string Scope, Guid[]? Sites, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt);

/// <summary>A new API token; shown this once.</summary>
internal sealed record NewApiToken(Guid Id, string Name, string Scope, Guid[]? Sites, DateTimeOffset? ExpiresAt, string Token);

/// <summary>What a new API token is to be.</summary>
/// <param name="Name">What it is for.</param>
/// <param name="Scope"><c>read</c>, <c>configure</c> or <c>operate</c>; the most that its maker has, if left out.</param>
/// <param name="Sites">The only sites that it is to see; all of its maker's, if left out.</param>
/// <param name="ExpiresAt">When it ends; with its maker's token or never, if left out.</param>
internal sealed record TokenFields(string? Name = null, string? Scope = null, Guid[]? Sites = null, DateTimeOffset? ExpiresAt = null);

/// <summary>
/// An account's tokens for the management API. Each can do what its account can, or as much of that as it was made for; one that a token
/// makes can do no more than that one, and ends with it. A token sees and revokes itself and what it has made, and no others.
/// </summary>
internal sealed class ApiTokens(ConfigurationChanges changes, TimeProvider time)
{
    /// <summary>What each begins with, before 43 letters, digits, dashes and underscores: secret scanners find it.</summary>
    public const string Prefix = "lr_";

    /// <summary>How many an account can have at a time.</summary>
    public const int Most = 50;

    private const int MostSites = 1_000;

    public async Task<List<ApiTokenRow>> List(NpgsqlConnection connection, Guid? after = null, int limit = int.MaxValue) =>
        (await connection.QueryAsync<ApiTokenRow>(
            """
            select id, name, scope, sites, created_at, expires_at, last_used_at from api_tokens
            where account_id = @Id and revoked_at is null and (@By::uuid is null or id in (select * from made_by(@By)))
              and (@after is null or (created_at, id) > (select created_at, id from api_tokens where id = @after and account_id = @Id))
            order by created_at, id
            limit @limit
            """, new { changes.Account.Id, By = changes.Account.Token?.Id, after, limit })).AsList();

    public async Task<Change<NewApiToken>> Create(TokenFields fields, CancellationToken cancellationToken)
    {
        var maker = changes.Account;
        var scope = fields.Scope ?? maker.Token?.Scope ?? TokenScopes.MostOf(maker.Role);
        var sites = fields.Sites ?? maker.Token?.Sites;
        var expiresAt = fields.ExpiresAt ?? maker.Token?.ExpiresAt;
        var problems = new FieldProblems();
        problems.RequireText("name", fields.Name);
        if (!TokenScopes.All.Contains(scope, StringComparer.Ordinal))
            problems.Add("scope", $"'scope' must be one of {string.Join(", ", TokenScopes.All)}.");
        else if (!TokenScopes.IsWithin(scope, maker.Token?.Scope ?? TokenScopes.MostOf(maker.Role)))
            problems.Add("scope", $"'scope' can't be {scope}: that is more than you may do yourself.");
        if (sites is { Length: 0 or > MostSites })
            problems.Add("sites", $"'sites' must name 1 to {MostSites} sites; leave it out for all.");
        else if (sites?.Where(site => !maker.MaySee(site)).Select(site => (Guid?)site).FirstOrDefault() is { } unseen)
            problems.Add("sites", $"There is no site {unseen}.");
        if (expiresAt <= time.GetUtcNow() || expiresAt?.Year > 9000)
            problems.Add("expires_at", "'expires_at' must be in the future, and before the year 9000.");
        else if (expiresAt > maker.Token?.ExpiresAt)
            problems.Add("expires_at", "'expires_at' must not be after the end of the token that this request came with.");
        if (problems.Any)
            return Refusal.Invalid(problems);

        var made = new NewApiToken(
            Guid.CreateVersion7(time.GetUtcNow()), fields.Name!, scope, sites?.Distinct().ToArray(), expiresAt,
            $"{Prefix}{Credential.Generate()}");
        await using var change = await changes.Begin(cancellationToken);
        // One after the other, so that two at once aren't one too many; and not while the account is being disabled.
        if (!await change.Connection.ExecuteScalarAsync<bool>(
            "select disabled_at is null from accounts where id = @Id for no key update", new { maker.Id }))
            return Refusal.Conflict("This account is disabled.");
        if (await change.Connection.ExecuteScalarAsync<int>(
            """
            select count(*)::int from api_tokens
            where account_id = @Id and revoked_at is null and (expires_at is null or expires_at > now())
            """, new { maker.Id }) >= Most)
            return Refusal.Conflict($"An account can have {Most} tokens at most: revoke one that is no longer used.");

        var inserted = await change.Connection.ExecuteAsync(
            """
            insert into api_tokens (id, account_id, name, token_sha256, scope, sites, expires_at, made_with)
            select @Id, @Account, @Name, @Hash, @Scope, @Sites::uuid[], @ExpiresAt::timestamptz, @MadeWith::uuid
            -- Not while the one that makes it is being revoked.
            where @MadeWith::uuid is null or exists (select from api_tokens where id = @MadeWith and revoked_at is null for share)
            """,
            new
            {
                made.Id, Account = maker.Id, made.Name, Hash = Credential.Hash(made.Token), made.Scope, made.Sites,
                ExpiresAt = made.ExpiresAt?.UtcDateTime, MadeWith = maker.Token?.Id,
            });
        await change.Commit(cancellationToken);
        return inserted == 0 ? Refusal.NoSuch("token any more with which this one was asked for") : made;
    }

    /// <summary>It ends at once, and with it what it has made.</summary>
    public async Task<Change<Guid>> Revoke(Guid token, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        var revoked = await change.Connection.ExecuteAsync(
            """
            update api_tokens set revoked_at = now()
            where id in (select * from made_by(@token)) and account_id = @Account and revoked_at is null
              and (@By::uuid is null or @token in (select * from made_by(@By)))
            """, new { token, Account = changes.Account.Id, By = changes.Account.Token?.Id });
        await change.Commit(cancellationToken);
        return revoked == 0 ? Refusal.NoSuch("token") : token;
    }
}
