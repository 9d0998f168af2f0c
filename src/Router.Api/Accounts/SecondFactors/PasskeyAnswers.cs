using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using Fido2NetLib;
using Fido2NetLib.Objects;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Hosting.ApiSettings;

namespace Router.Api.Accounts.SecondFactors;

/// <summary>
/// Asks for a passkey and checks the answer: of a known account as its second factor, or of anybody instead of a password. In that case the
/// device must have checked who is there, by a PIN, a finger or a face: then a passkey is two factors by itself.
/// </summary>
internal sealed partial class PasskeyAnswers(
    NpgsqlDataSource database, RelyingParty relyingParty, PasskeyQuestions questions, ConfigurationChanges changes,
    IOptions<ProviderOptions> provider, ILogger<PasskeyAnswers> logger)
{
    private const string Purpose = "answer";

    /// <summary>Null where there are no passkeys, or the account has none.</summary>
    /// <param name="account">Whose; null for anybody's.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<PasskeyQuestion?> Ask(Guid? account, CancellationToken cancellationToken)
    {
        if (relyingParty.Fido2 is not { } fido2)
            return null;

        byte[][] allowed = [];
        if (account is not null)
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            allowed = [.. await connection.QueryAsync<byte[]>(
                "select credential_id from passkeys where account_id = @account and copied_at is null", new { account })];
            if (allowed.Length == 0)
                return null;
        }

        var options = fido2.GetAssertionOptions(new GetAssertionOptionsParams
        {
            AllowedCredentials = [.. allowed.Select(id => new PublicKeyCredentialDescriptor(id))],
            UserVerification = account is null ? UserVerificationRequirement.Required : UserVerificationRequirement.Preferred,
        });
        return questions.Ask(options.ToJson(), Purpose, account);
    }

    /// <summary>
    /// Whose passkey has answered; null when the answer is wrong, too late, given before, or of a passkey that is no longer taken.
    /// </summary>
    /// <param name="account">Whose was asked for; null for anybody's.</param>
    /// <param name="state">Of the question.</param>
    /// <param name="answer">The browser's, as JSON.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<SessionOwner?> Check(Guid? account, string? state, string? answer, CancellationToken cancellationToken)
    {
        if (questions.Find(state, Purpose, account) is not { } asked || Read<AuthenticatorAssertionRawResponse>(answer) is not { } response)
            return null;
        // Whoever signs in with it alone is known by nothing else.
        if (response.RawId is null || response.Response is null || (account is null && response.Response.UserHandle is not { Length: > 0 }))
            return null;

        return await Find(response.RawId, account, cancellationToken) is { } key
            && await Verify(key, asked, response, cancellationToken) is { } count
            && await Take(key, count, asked.AskedAt, cancellationToken)
                ? new SessionOwner(key.AccountId, key.Stamp, key.Email) : null;
    }

    /// <summary>What a browser said; null when it is no such thing.</summary>
    public static T? Read<T>(string? answer) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(answer ?? "");
        }
        catch (Exception wrong) when (wrong is JsonException or FormatException)
        {
            return null;
        }
    }

    /// <summary>Whether the library means that what a browser said is wrong.</summary>
    public static bool IsWrong(Exception thrown) =>
        thrown is Fido2VerificationException or FormatException or ArgumentException or CryptographicException
            or InvalidOperationException or CborContentException;

    /// <summary>The count that goes with the signature; null when that is wrong.</summary>
    private async Task<uint?> Verify(
        Key key, AskedQuestion asked, AuthenticatorAssertionRawResponse response, CancellationToken cancellationToken)
    {
        try
        {
            return (await relyingParty.Fido2!.MakeAssertionAsync(
                new MakeAssertionParams
                {
                    AssertionResponse = response, OriginalOptions = AssertionOptions.FromJson(asked.Options),
                    StoredPublicKey = key.PublicKey,
                    // The count is compared where it is stored: two answers may come at once.
                    StoredSignatureCounter = 0,
                    IsUserHandleOwnerOfCredentialIdCallback = (owner, _) =>
                        Task.FromResult(owner.UserHandle.AsSpan().SequenceEqual(Passkeys.Handle(key.AccountId))),
                }, cancellationToken)).SignCount;
        }
        catch (Exception wrong) when (IsWrong(wrong))
        {
            return null;
        }
    }

    // A passkey alone stands for a password, too: it signs in whom a password would.
    private async Task<Key?> Find(byte[]? credential, Guid? account, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<Key>(new CommandDefinition(
            """
            select p.id, p.account_id, p.public_key, a.stamp, a.email
            from passkeys p join accounts a on a.id = p.account_id
            where p.credential_id = @credential and p.copied_at is null and a.disabled_at is null
              and case when @account is null then a.role = any (@RolesWithPassword) else p.account_id = @account end
            """, new { credential, account, provider.Value.RolesWithPassword }, cancellationToken: cancellationToken));
    }

    /// <summary>
    /// Each challenge is answered once. A count that doesn't grow means that somebody has a copy of the key: nobody knows which of the two
    /// this is, so neither is taken from now on.
    /// </summary>
    private async Task<bool> Take(Key key, uint count, DateTimeOffset askedAt, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(key.Email, cancellationToken);
        var isCopied = await change.Connection.QuerySingleOrDefaultAsync<bool?>(
            """
            update passkeys
            set copied_at = case when greatest(sign_count, @Count) > 0 and @Count <= sign_count then now() end,
                last_used_at = case when greatest(sign_count, @Count) > 0 and @Count <= sign_count then last_used_at else now() end,
                sign_count = greatest(sign_count, @Count), asked_at = @askedAt
            where id = @Id and copied_at is null and asked_at < @askedAt
            returning copied_at is not null
            """, new { key.Id, Count = (long)count, askedAt });
        await change.Commit(cancellationToken);
        if (isCopied is true)
            LogCopied(logger, key.Id, key.AccountId);
        return isCopied is false;
    }

    private sealed record Key(Guid Id, Guid AccountId, byte[] PublicKey, Guid Stamp, string Email);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "Passkey {PasskeyId} of account {AccountId} counts backwards: there is a copy of it. It is not taken any more")]
    private static partial void LogCopied(ILogger logger, Guid passkeyId, Guid accountId);
}
