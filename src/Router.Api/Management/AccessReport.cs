using Dapper;
using Npgsql;

namespace Router.Api.Management;

/// <summary>Something in the log of accesses, as often as it happened within an hour.</summary>
/// <param name="Id">Newer is larger.</param>
/// <param name="FirstAt">When it happened first.</param>
/// <param name="LastAt">When it happened last within that hour.</param>
/// <param name="What">What happened.</param>
/// <param name="Email">Whose account; empty where there is no such account, or where too much happened to keep it.</param>
/// <param name="How">With what somebody signed in or confirmed.</param>
/// <param name="Address">From where; empty where too much happened to keep it.</param>
/// <param name="Browser">In two or three words.</param>
/// <param name="Detail">What was refused, or who ended a session.</param>
/// <param name="Count">How often.</param>
internal sealed record AccessRow(
    long Id, DateTimeOffset FirstAt, DateTimeOffset LastAt, string What, string Email, string How, string Address, string Browser,
    string Detail, long Count);

/// <summary>Reads of the log of accesses, newest first.</summary>
internal sealed class AccessReport(NpgsqlDataSource database)
{
    /// <param name="account">Of this account only.</param>
    /// <param name="email">Only of whom this is the beginning of.</param>
    /// <param name="before">The last row of the page before.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<List<AccessRow>> Newest(
        Guid? account, string? email, long? before, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<AccessRow>(new CommandDefinition(
            $"""
            select id, first_at, last_at, what, email, how, address, browser, detail, count from access_log
            where true {(account is null ? "" : "and account_id = @account")} {(email is null ? "" : "and starts_with(email, @email)")}
              {(before is null ? "" : "and id < @before")}
            order by id desc limit @limit
            """, new { account, email, before, limit }, cancellationToken: cancellationToken))).AsList();
    }
}
