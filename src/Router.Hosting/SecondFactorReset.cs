using Dapper;
using Npgsql;

namespace Router.Hosting;

/// <summary>
/// Removes an account's second factors from the router's own machine: the way out of an operator who has lost all of them. Whoever can run
/// it can read the database's password, and so could do anything to the accounts.
/// </summary>
internal static class SecondFactorReset
{
    /// <summary>The exit code, and what was done, for people.</summary>
    public static async Task<(int ExitCode, string Sentence)> Run(NpgsqlDataSource database, string email)
    {
        email = email.Trim().ToLowerInvariant();
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("select set_config('router.actor', 'reset-second-factor', true)");
        if (await connection.ExecuteScalarAsync<Guid?>("select id from accounts where email = @email", new { email }) is not { } account)
            return (1, $"There is no account {email}.");
        if (!await connection.ExecuteScalarAsync<bool>("select remove_second_factors(@account)", new { account }))
            return (1, $"The account {email} has no second factor.");

        await connection.ExecuteAsync(
            "update sessions set ended_at = now(), end_reason = 'operator' where account_id = @account and ended_at is null",
            new { account });
        await transaction.CommitAsync();
        return (0, $"The account {email} has no second factor any more, and is signed out. Its password lets it in.");
    }
}
