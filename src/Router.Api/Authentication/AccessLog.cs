using Dapper;
using Npgsql;

namespace Router.Api.Authentication;

/// <summary>
/// Writes down who signed in and out, and who was not let in. Of a password nothing, and of an e-mail that no account has nothing
/// either: it may be a password in the wrong field. What happens again within an hour is counted in one row, and an hour has a limited
/// number of rows, so no flood fills the disk.
/// </summary>
internal sealed class AccessLog(NpgsqlDataSource database)
{
    /// <summary>Of one account in an hour, for each kind of event; what more there is is counted together, without its address.</summary>
    public const int MostOfAnAccount = 20;

    /// <summary>Of all accounts in an hour, for each kind; what more there is is counted together, without its account.</summary>
    public const int Most = 2_000;

    /// <param name="http">Of the request that it came with.</param>
    /// <param name="what">One of <see cref="AccessEvents"/>.</param>
    /// <param name="account">Whose; null where there is no such account.</param>
    /// <param name="how">One of <see cref="WaysIn"/>, or empty.</param>
    /// <param name="detail">In our own words: never what somebody typed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task Write(
        HttpContext http, string what, Guid? account, string how = "", string detail = "", CancellationToken cancellationToken = default)
    {
        const string sql = """
            with place as (
                select case when all_rows >= @Most then null else @account end as account_id,
                       is_there or (own_rows < @MostOfAnAccount and all_rows < @Most) as is_whole
                from (select count(*) as all_rows, count(*) filter (where account_id is not distinct from @account) as own_rows,
                             coalesce(bool_or(account_id is not distinct from @account and how = @how and address = @Address
                                              and browser = @Browser and detail = @detail), false) as is_there
                      from access_log where hour = date_trunc('hour', now()) and what = @what) rows
            )
            insert into access_log as l (hour, what, account_id, email, how, address, browser, detail)
            select date_trunc('hour', now()), @what, case when is_whole then @account else account_id end,
                   coalesce((select email from accounts where id = case when is_whole then @account else account_id end), ''),
                   case when is_whole then @how else '' end, case when is_whole then @Address else '' end,
                   case when is_whole then @Browser else '' end, case when is_whole then @detail else '' end
            from place
            on conflict (hour, what, account_id, how, address, browser, detail) do update set count = l.count + 1, last_at = now()
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            sql,
            new
            {
                what, account, how, detail, Most, MostOfAnAccount, Address = ClientAddress.Of(http) ?? "",
                Browser = BrowserLabel.Of(http.Request.Headers.UserAgent.ToString()),
            }, cancellationToken: cancellationToken));
    }
}
