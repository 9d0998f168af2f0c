using System.Security.Cryptography;
using Dapper;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Core.Sites;

namespace Router.Api.Accounts.SecondFactors;

/// <summary>
/// Codes to print or keep in a password store, for whoever has lost the other factors. Each works once. 120 random bits: a plain hash of
/// them can't be searched.
/// </summary>
internal sealed class RecoveryCodes(ConfigurationChanges changes, AccountNotices mail)
{
    public const int Count = 10;

    private const int Characters = 24;

    // Without those that look like others (Crockford's base 32).
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <summary>How many are left; null when there were never any.</summary>
    public static async Task<int?> Left(NpgsqlConnection connection, Guid account) => await connection.ExecuteScalarAsync<int?>(
        "select codes_left from recovery_codes where account_id = @account", new { account });

    /// <summary>New ones in place of those that there are, to be shown once.</summary>
    public async Task<Change<string[]>> Renew(CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        await FactorsOfAccount.Lock(change.Connection, changes.Account.Id);
        if (!await FactorsOfAccount.Any(change.Connection, changes.Account.Id))
            return Refusal.Conflict("Recovery codes stand in for a second factor: set one up first.");

        var codes = await Make(change.Connection, changes.Account.Id);
        await change.Commit(cancellationToken);
        mail.HasNewCodes(changes.Account.Email);
        return codes;
    }

    public static async Task<string[]> Make(NpgsqlConnection connection, Guid account)
    {
        var codes = Enumerable.Range(0, Count).Select(_ => RandomNumberGenerator.GetString(Alphabet, Characters)).ToArray();
        await connection.ExecuteAsync(
            """
            insert into recovery_codes (account_id, codes_sha256) values (@account, @Hashes)
            on conflict (account_id) do update set codes_sha256 = excluded.codes_sha256, created_at = now()
            """, new { account, Hashes = codes.Select(Credential.Hash).ToArray() });
        return [.. codes.Select(code => string.Join('-', code.Chunk(4).Select(group => new string(group))))];
    }

    /// <summary>
    /// Whether it is one of the account's, which is used up then, and its owner is told. Guesses are counted by the caller.
    /// </summary>
    public async Task<bool> Use(SessionOwner owner, string? code, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin($"{owner.Email} (recovery code)", cancellationToken);
        var left = await change.Connection.ExecuteScalarAsync<int?>(
            """
            update recovery_codes set codes_sha256 = array_remove(codes_sha256, @Hash)
            where account_id = @Id and @Hash = any (codes_sha256)
              and exists (select from accounts where id = @Id and stamp = @Stamp and disabled_at is null)
            returning codes_left
            """, new { owner.Id, owner.Stamp, Hash = Credential.Hash(Typed(code)) });
        await change.Commit(cancellationToken);
        if (left is not { } others)
            return false;

        mail.CodeIsUsed(owner.Email, others);
        return true;
    }

    // As people copy it: in any case, with or without dashes and blanks, and with what Crockford's base 32 reads as a digit.
    private static string Typed(string? code) => string.Concat(
        (code ?? "").ToUpperInvariant().Where(char.IsAsciiLetterOrDigit).Select(character => character switch
        {
            'O' => '0',
            'I' or 'L' => '1',
            _ => character,
        }));
}
