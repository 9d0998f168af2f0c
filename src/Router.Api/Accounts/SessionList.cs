using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Hosting.ApiSettings;

namespace Router.Api.Accounts;

/// <summary>A session that goes on.</summary>
/// <param name="Id">Its id; not what the cookie holds.</param>
/// <param name="How">How its account signed in: <c>password</c>, <c>invitation</c>, <c>passkey</c> or <c>oidc</c>.</param>
/// <param name="Browser">In two or three words.</param>
/// <param name="Address">Where it was used last from; null where that isn't known.</param>
/// <param name="StartedAt">When somebody signed in.</param>
/// <param name="LastSeenAt">When it was used last, to the minute.</param>
/// <param name="ConfirmedAt">When whoever uses it last showed to be its account.</param>
internal sealed record SessionRow(
    Guid Id, string How, string Browser, string? Address, DateTimeOffset StartedAt, DateTimeOffset LastSeenAt, DateTimeOffset ConfirmedAt);

/// <summary>The sessions of an account: its own people see and end them, and operators.</summary>
internal sealed class SessionList(
    NpgsqlDataSource database, IHttpContextAccessor http, AccessLog log, IOptions<SessionLimitOptions> options)
{
    private const string GoesOn =
        "ended_at is null and last_seen_at > now() - @IdleLimit and started_at > now() - @AbsoluteLimit";

    /// <summary>Those that go on, the latest used first.</summary>
    public async Task<List<SessionRow>> Of(Guid account, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<SessionRow>(new CommandDefinition(
            $"""
            select id, how, browser, address, started_at, last_seen_at, confirmed_at from sessions
            where account_id = @account and {GoesOn} order by last_seen_at desc, id
            """, new { account, options.Value.IdleLimit, options.Value.AbsoluteLimit }, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>Ends one of the account of this request; false when it is over already, or somebody else's.</summary>
    public Task<bool> EndOwn(Guid session, CancellationToken cancellationToken) =>
        End(Http.Account().Id, "id = @session", session, SessionEnds.FromElsewhere, "from another browser", cancellationToken);

    /// <summary>Ends all of the account of this request but its own.</summary>
    public Task EndOthers(CancellationToken cancellationToken) => End(
        Http.Account().Id, "id is distinct from @session", Http.Account().Session?.Id, SessionEnds.FromElsewhere, "everywhere else",
        cancellationToken);

    /// <summary>Ends one of somebody else's, or all of them. For operators.</summary>
    /// <param name="account">Whose.</param>
    /// <param name="session">Which; null for all.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<Change<Guid>> EndOf(Guid account, Guid? session, CancellationToken cancellationToken)
    {
        var ended = await End(
            account, "(@session is null or id = @session)", session, SessionEnds.ByOperator, $"by {Http.Account().Actor}",
            cancellationToken);
        return ended || session is null && await Exists(account, cancellationToken) ? account
            : Refusal.NoSuch(session is null ? "account" : "session");
    }

    private HttpContext Http => http.HttpContext!;

    private async Task<bool> End(
        Guid account, string which, Guid? session, string why, string detail, CancellationToken cancellationToken)
    {
        int ended;
        await using (var connection = await database.OpenConnectionAsync(cancellationToken))
        {
            ended = await connection.ExecuteAsync(new CommandDefinition(
                $"update sessions set ended_at = now(), end_reason = @why where account_id = @account and ended_at is null and {which}",
                new { account, session, why }, cancellationToken: cancellationToken));
        }

        if (ended > 0)
            await log.Write(Http, AccessEvents.SignedOut, account, detail: detail, cancellationToken: cancellationToken);
        return ended > 0;
    }

    private async Task<bool> Exists(Guid account, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from accounts where id = @account)", new { account }, cancellationToken: cancellationToken));
    }
}
