using Dapper;
using Npgsql;
using Router.Api.Changes;
using Router.Core.Sites;

namespace Router.Api.Accounts;

/// <summary>An API token as its account sees it: never the token itself.</summary>
internal sealed record ApiTokenRow(Guid Id, string Name, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt);

/// <summary>A new API token; shown this once.</summary>
internal sealed record NewApiToken(Guid Id, string Name, string Token);

/// <summary>An account's tokens for the management API. Each can do what its account can.</summary>
internal sealed class ApiTokens(ConfigurationChanges changes, TimeProvider time)
{
    public async Task<List<ApiTokenRow>> List(NpgsqlConnection connection, Guid? after = null, int limit = int.MaxValue) =>
        (await connection.QueryAsync<ApiTokenRow>(
            """
            select id, name, created_at, last_used_at from api_tokens
            where account_id = @Id and revoked_at is null
              and (@after is null or (created_at, id) > (select created_at, id from api_tokens where id = @after and account_id = @Id))
            order by created_at, id
            limit @limit
            """, new { changes.Account.Id, after, limit })).AsList();

    public async Task<Change<NewApiToken>> Create(string? name, CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        problems.RequireText("name", name);
        if (problems.Any)
            return Refusal.Invalid(problems);

        var made = new NewApiToken(Guid.CreateVersion7(time.GetUtcNow()), name!, $"lr_{Credential.Generate()}");
        await using var change = await changes.Begin(cancellationToken);
        await change.Connection.ExecuteAsync(
            "insert into api_tokens (id, account_id, name, token_sha256) values (@Id, @Account, @Name, @Hash)",
            new { made.Id, Account = changes.Account.Id, made.Name, Hash = Credential.Hash(made.Token) });
        await change.Commit(cancellationToken);
        return made;
    }

    /// <summary>It ends at once.</summary>
    public async Task<Change<Guid>> Revoke(Guid token, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        var revoked = await change.Connection.ExecuteAsync(
            "update api_tokens set revoked_at = now() where id = @token and account_id = @Account and revoked_at is null",
            new { token, Account = changes.Account.Id });
        await change.Commit(cancellationToken);
        return revoked == 0 ? Refusal.NoSuch("token") : token;
    }
}
