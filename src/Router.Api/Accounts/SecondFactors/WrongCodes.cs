using Dapper;
using Npgsql;

namespace Router.Api.Accounts.SecondFactors;

/// <summary>
/// Counts what is tried for a code. A million guesses find one of six digits, so each fifth wrong one in a row locks the second step: for a
/// quarter of an hour, then twice as long each time, up to 16 hours.
/// </summary>
internal sealed partial class WrongCodes(NpgsqlDataSource database, ILogger<WrongCodes> logger)
{
    /// <summary>How many may be wrong in a row.</summary>
    public const int Most = 5;

    /// <summary>
    /// Before a code is looked at, so that many at once don't get through. Null when it may be looked at; else until when none may.
    /// </summary>
    public async Task<DateTimeOffset?> Count(Guid account, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var counted = await connection.QuerySingleOrDefaultAsync<bool?>(new CommandDefinition(
            """
            insert into wrong_codes as w (account_id, count) values (@account, 1)
            on conflict (account_id) do update
            set count = w.count + 1,
                locked_until = case when (w.count + 1) % @Most = 0
                    then now() + interval '15 minutes' * power(2, least((w.count + 1) / @Most - 1, 6)) end
            where w.locked_until is null or w.locked_until <= now()
            returning locked_until is not null
            """, new { account, Most }, cancellationToken: cancellationToken));
        if (counted is true)
            LogLocked(logger, account, Most);
        return counted is not null ? null : await connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition(
            "select locked_until from wrong_codes where account_id = @account", new { account }, cancellationToken: cancellationToken));
    }

    /// <summary>One was right.</summary>
    public async Task Forget(Guid account, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from wrong_codes where account_id = @account", new { account }, cancellationToken: cancellationToken));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "The second step of account {AccountId} is locked after {Count} wrong codes: somebody knows its password")]
    private static partial void LogLocked(ILogger logger, Guid accountId, int count);
}
