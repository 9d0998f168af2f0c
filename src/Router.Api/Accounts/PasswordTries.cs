using Dapper;
using Npgsql;
using Router.Api.Authentication;

namespace Router.Api.Accounts;

/// <summary>Where a password is tried from.</summary>
/// <param name="Name">Distinct for each.</param>
/// <param name="IsStrange">Whether the account was never seen there.</param>
internal sealed record TryPlace(string Name, bool IsStrange)
{
    /// <summary>A session in which it is asked for once more.</summary>
    public static TryPlace Inside(SessionOfRequest session) => new($"session {session.Id}", IsStrange: false);

    /// <summary>A browser that the account has signed in with before, or else an address.</summary>
    public static TryPlace AtTheDoor(HttpContext http, Guid? knownBrowser) => knownBrowser is { } browser
        ? new TryPlace($"browser {browser}", IsStrange: false)
        : new TryPlace($"network {ClientAddress.Network(http)}", IsStrange: true);
}

/// <summary>
/// Counts passwords before they are checked: however many come at once, five from one place are looked at in a quarter of an hour.
/// Strangers are counted together, too, or somebody with many addresses could guess for ever. They lock out each other, and nobody whose
/// browser the account knows.
/// </summary>
internal sealed class PasswordTries(NpgsqlDataSource database)
{
    /// <summary>From one place, for one account.</summary>
    public const int Most = 5;

    /// <summary>Of all strangers, for one account: fewer than a hundred in an hour.</summary>
    public const int MostOfStrangers = 20;

    /// <summary>How long no more are looked at.</summary>
    public static readonly TimeSpan Lock = TimeSpan.FromMinutes(15);

    /// <summary>One more; whether it is to be looked at.</summary>
    public async Task<bool> Count(Guid account, TryPlace place, CancellationToken cancellationToken)
    {
        const string counted = """
            with counted as (
                insert into sign_in_tries as t (account_id, place, count)
                select id, @Name, 1 from accounts where id = @account and (not @IsStrange or locked_until is null or locked_until <= now())
                on conflict (account_id, place) do update
                set count = case when t.last_at <= now() - @Lock then 1 else t.count + 1 end, last_at = now()
                where t.count < @Most or t.last_at <= now() - @Lock
                returning account_id
            )
            """;
        const string strange = $"""
            {counted}
            update accounts a
            set failed_sign_ins = case when a.locked_until is null then a.failed_sign_ins + 1 else 1 end,
                locked_until = case when a.locked_until is null and a.failed_sign_ins + 1 >= @MostOfStrangers then now() + @Lock end
            from counted c where a.id = c.account_id and (a.locked_until is null or a.locked_until <= now())
            returning true
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool?>(new CommandDefinition(
            place.IsStrange ? strange : $"{counted} select true from counted",
            new { account, place.Name, place.IsStrange, Most, MostOfStrangers, Lock }, cancellationToken: cancellationToken)) is true;
    }

    /// <summary>It was the right one.</summary>
    public async Task Forget(Guid account, TryPlace place, CancellationToken cancellationToken)
    {
        const string sql = """
            with place as (delete from sign_in_tries where account_id = @account and place = @Name)
            update accounts set failed_sign_ins = 0, locked_until = null where id = @account and @IsStrange
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(
            new CommandDefinition(sql, new { account, place.Name, place.IsStrange }, cancellationToken: cancellationToken));
    }
}
