using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Hosting.ApiSettings;

namespace Router.Api.Accounts.SecondFactors;

/// <summary>Whether an account has a second factor or must have one, and what follows from a change of them.</summary>
internal sealed class FactorsOfAccount(
    NpgsqlDataSource database, ConfigurationChanges changes, AccountNotices mail, IOptions<SecondFactorOptions> options)
{
    /// <summary>Changes of one account's factors come one after the other.</summary>
    public static Task Lock(NpgsqlConnection connection, Guid account) =>
        connection.ExecuteAsync("select from accounts where id = @account for no key update", new { account });

    public static Task<bool> Any(NpgsqlConnection connection, Guid account) => connection.ExecuteScalarAsync<bool>(
        """
        select exists (select from authenticator_apps where account_id = @account)
            or exists (select from passkeys where account_id = @account)
        """, new { account });

    public async Task<bool> Any(Guid account, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Any(connection, account);
    }

    /// <summary>Whether accounts of this role must have one.</summary>
    public bool IsRequired(string role) => options.Value.RequiredFor switch
    {
        SecondFactorRequirement.Everyone => true,
        SecondFactorRequirement.Operators => role == Roles.Operator,
        _ => false,
    };

    /// <summary>
    /// Within the transaction that has set one up: whoever was signed in elsewhere with less has to sign in anew.
    /// </summary>
    /// <returns>Recovery codes, with the first factor; else nothing.</returns>
    public async Task<string[]> AfterSetup(NpgsqlConnection connection)
    {
        var account = changes.Account;
        await connection.ExecuteAsync(
            """
            update sessions set ended_at = now(), end_reason = 'elsewhere'
            where account_id = @Id and id is distinct from @Session and ended_at is null
            """, new { account.Id, Session = account.Session?.Id });
        return await RecoveryCodes.Left(connection, account.Id) is null ? await RecoveryCodes.Make(connection, account.Id) : [];
    }

    /// <summary>
    /// Within the transaction that has removed one: why it mustn't, or null. Recovery codes end with the last one.
    /// </summary>
    public async Task<Refusal?> AfterRemoval(NpgsqlConnection connection)
    {
        var account = changes.Account;
        // One that isn't taken any more, for there is a copy of it, lets nobody in.
        if (await connection.ExecuteScalarAsync<bool>(
            """
            select exists (select from authenticator_apps where account_id = @Id)
                or exists (select from passkeys where account_id = @Id and copied_at is null)
            """, new { account.Id }))
            return null;
        if (IsRequired(account.Role))
            return Refusal.Conflict("Your account must have a second factor: set up another one before you remove this one.");

        await connection.ExecuteAsync("select remove_second_factors(@Id)", new { account.Id });
        return null;
    }

    /// <summary>For operators: somebody has lost all of theirs. Whatever is signed in with the account ends.</summary>
    public async Task<Change<string>> RemoveAll(Guid whose, CancellationToken cancellationToken)
    {
        if (whose == changes.Account.Id)
            return Refusal.Conflict("This is your own account: remove its factors under Your account, or let another operator do it.");

        await using var change = await changes.Begin(cancellationToken);
        var email = await change.Connection.ExecuteScalarAsync<string?>("select email from accounts where id = @whose", new { whose });
        if (email is null)
            return Refusal.NoSuch("account");
        if (!await change.Connection.ExecuteScalarAsync<bool>("select remove_second_factors(@whose)", new { whose }))
            return Refusal.Conflict("This account has no second factor.");

        await change.Connection.ExecuteAsync(
            "update sessions set ended_at = now(), end_reason = 'operator' where account_id = @whose and ended_at is null", new { whose });
        await change.Commit(cancellationToken);
        mail.AreRemovedByAnOperator(email);
        return email;
    }
}
