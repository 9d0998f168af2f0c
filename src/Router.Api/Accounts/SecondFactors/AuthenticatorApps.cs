using System.Security.Cryptography;
using Dapper;
using Microsoft.AspNetCore.DataProtection;
using Npgsql;
using OtpNet;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Core.Destinations;

namespace Router.Api.Accounts.SecondFactors;

/// <summary>A secret that an app is about to get.</summary>
/// <param name="Secret">For those who type it, in groups of four.</param>
/// <param name="Uri">For the QR code.</param>
/// <param name="State">The same for the form that confirms it, encrypted and for half an hour.</param>
internal sealed record AppSetup(string Secret, string Uri, string State);

/// <summary>An account's authenticator app, as the account sees it.</summary>
/// <param name="CreatedAt">When it was set up.</param>
/// <param name="LastUsedAt">Null for never.</param>
internal sealed record AppRow(DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt);

/// <summary>
/// Apps that make a code of six digits every 30 seconds. The secret counts once a code of it was entered; until then only the page that
/// shows it has it. A code is taken once, half a minute early or late.
/// </summary>
internal sealed class AuthenticatorApps(
    NpgsqlDataSource database, ConfigurationChanges changes, FactorsOfAccount factors, AccountNotices mail,
    SecretProtection secrets, IDataProtectionProvider protection, TimeProvider time)
{
    private const string Issuer = "Lead router";

    // As long as HMAC-SHA1's result (RFC 4226), which is what all apps can.
    private const int SecretBytes = 20;

    private static readonly TimeSpan SetupLasts = TimeSpan.FromMinutes(30);

    private static readonly VerificationWindow Window = new(previous: 1, future: 1);

    public static async Task<AppRow?> Find(NpgsqlConnection connection, Guid account) => await connection.QuerySingleOrDefaultAsync<AppRow>(
        "select created_at, last_used_at from authenticator_apps where account_id = @account", new { account });

    public AppSetup NewSetup() => Setup(KeyGeneration.GenerateRandomKey(SecretBytes));

    /// <summary>The one that was shown; null when it is too old or somebody else's.</summary>
    public AppSetup? SameSetup(string? state) => Secret(state) is { } secret ? Setup(secret) : null;

    /// <summary>Takes the secret for the account's app once a code shows that the app has it; the app before it ends.</summary>
    /// <param name="state">Of the setup.</param>
    /// <param name="code">As it was typed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The recovery codes that were made with the account's first factor; empty after that.</returns>
    public async Task<Change<string[]>> Confirm(string? state, string? code, CancellationToken cancellationToken)
    {
        if (Secret(state) is not { } secret)
            return Refusal.Conflict("This page was open for too long. There is a new QR code: scan that.");
        if (Step(secret, code) is not { } step)
            return Refusal.Invalid("This is not the code that the app shows now. Is the clock of your phone right?", "code");

        var account = changes.Account;
        await using var change = await changes.Begin(cancellationToken);
        await FactorsOfAccount.Lock(change.Connection, account.Id);
        await change.Connection.ExecuteAsync(
            """
            insert into authenticator_apps (account_id, secret, last_step) values (@Id, @Secret, @step)
            on conflict (account_id) do update
            set secret = excluded.secret, last_step = excluded.last_step, created_at = now(), last_used_at = null
            """, new { account.Id, Secret = secrets.Protect($"{account.Id:N}{Convert.ToBase64String(secret)}"), step });
        var codes = await factors.AfterSetup(change.Connection);
        await change.Commit(cancellationToken);
        mail.IsSetUp(account.Email, "an authenticator app");
        return codes;
    }

    /// <summary>Whether this is the code that the account's app shows, and wasn't used before. Guesses are counted by the caller.</summary>
    public async Task<bool> Check(Guid account, string? code, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var stored = await connection.ExecuteScalarAsync<string?>(new CommandDefinition(
            "select secret from authenticator_apps where account_id = @account", new { account }, cancellationToken: cancellationToken));
        if (Stored(account, stored) is not { } secret || Step(secret, code) is not { } step)
            return false;

        return await connection.ExecuteAsync(new CommandDefinition(
            """
            update authenticator_apps set last_step = @step, last_used_at = now()
            where account_id = @account and secret = @stored and last_step < @step
            """, new { account, stored, step }, cancellationToken: cancellationToken)) > 0;
    }

    /// <summary>Ends at once; the last factor of an account that must have one stays.</summary>
    public async Task<Change<bool>> Remove(CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        await FactorsOfAccount.Lock(change.Connection, changes.Account.Id);
        var removed = await change.Connection.ExecuteAsync(
            "delete from authenticator_apps where account_id = @Id", new { changes.Account.Id });
        if (removed == 0)
            return Refusal.NoSuch("authenticator app");
        if (await factors.AfterRemoval(change.Connection) is { } refusal)
            return refusal;

        await change.Commit(cancellationToken);
        mail.IsRemoved(changes.Account.Email, "its authenticator app");
        return true;
    }

    private AppSetup Setup(byte[] secret)
    {
        var account = changes.Account;
        var text = Base32Encoding.ToString(secret).TrimEnd('=');
        return new AppSetup(
            string.Join(' ', text.Chunk(4).Select(group => new string(group))),
            new OtpUri(OtpType.Totp, secret, account.Email, Issuer).ToUri().AbsoluteUri,
            Shown(account.Id).Protect(Convert.ToBase64String(secret), SetupLasts));
    }

    private byte[]? Secret(string? state)
    {
        try
        {
            return Convert.FromBase64String(Shown(changes.Account.Id).Unprotect(state ?? ""));
        }
        catch (CryptographicException)
        {
            // Too old, or somebody else's.
            return null;
        }
    }

    // The account is in it: nobody who can write to the database makes one account's app another's.
    private byte[]? Stored(Guid account, string? stored) =>
        secrets.TryUnprotect(stored) is { } text && text.StartsWith($"{account:N}", StringComparison.Ordinal)
            ? Convert.FromBase64String(text[32..]) : null;

    /// <summary>Which 30 seconds the code is of; null when it is of none near now.</summary>
    private long? Step(byte[] secret, string? code)
    {
        var digits = string.Concat((code ?? "").Where(character => !char.IsWhiteSpace(character)));
        return digits.Length == 6 && digits.All(char.IsAsciiDigit)
            && new Totp(secret).VerifyTotp(time.GetUtcNow().UtcDateTime, digits, out var step, Window) ? step : null;
    }

    private ITimeLimitedDataProtector Shown(Guid account) =>
        protection.CreateProtector("authenticator-app-setup", $"{account:D}").ToTimeLimitedDataProtector();
}
