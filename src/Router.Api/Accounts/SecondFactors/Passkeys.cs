using Dapper;
using Fido2NetLib;
using Fido2NetLib.Objects;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Changes;

namespace Router.Api.Accounts.SecondFactors;

/// <summary>A passkey as its account sees it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">What its account calls it.</param>
/// <param name="CreatedAt">When it was added.</param>
/// <param name="LastUsedAt">Null for never.</param>
/// <param name="CopiedAt">When it turned out that there are two of it; null for not.</param>
internal sealed record PasskeyRow(Guid Id, string Name, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt, DateTimeOffset? CopiedAt);

/// <summary>The passkeys of an account: lists, adds and removes them.</summary>
internal sealed class Passkeys(
    RelyingParty relyingParty, PasskeyQuestions questions, ConfigurationChanges changes, FactorsOfAccount factors, AccountNotices mail,
    TimeProvider time)
{
    private const string Purpose = "add";

    private const int Most = 20;

    // Each authenticator has one of these two.
    private static readonly PubKeyCredParam[] Algorithms =
        [new(COSE.Algorithm.ES256, PublicKeyCredentialType.PublicKey), new(COSE.Algorithm.RS256, PublicKeyCredentialType.PublicKey)];

    /// <summary>In the order in which they were added.</summary>
    public static async Task<List<PasskeyRow>> List(NpgsqlConnection connection, Guid account) => (await connection.QueryAsync<PasskeyRow>(
        "select id, name, created_at, last_used_at, copied_at from passkeys where account_id = @account order by created_at, id",
        new { account })).AsList();

    /// <summary>What its browser is asked to make one; null where there are none.</summary>
    public async Task<PasskeyQuestion?> Ask(NpgsqlConnection connection)
    {
        if (relyingParty.Fido2 is not { } fido2)
            return null;

        var account = changes.Account;
        var present = await connection.QueryAsync<byte[]>(
            "select credential_id from passkeys where account_id = @Id", new { account.Id });
        var options = fido2.RequestNewCredential(new RequestNewCredentialParams
        {
            User = new Fido2User { Id = Handle(account.Id), Name = account.Email, DisplayName = account.Email },
            ExcludeCredentials = [.. present.Select(id => new PublicKeyCredentialDescriptor(id))],
            // A security key that holds none of its own, or has no PIN, is still good for the second step.
            AuthenticatorSelection = new AuthenticatorSelection
            {
                ResidentKey = ResidentKeyRequirement.Preferred, UserVerification = UserVerificationRequirement.Preferred,
            },
            AttestationPreference = AttestationConveyancePreference.None, PubKeyCredParams = Algorithms,
        });
        return questions.Ask(options.ToJson(), Purpose, account.Id);
    }

    /// <summary>Adds the one that the browser has made.</summary>
    /// <param name="name">What it will be called.</param>
    /// <param name="state">Of the question.</param>
    /// <param name="answer">The browser's, as JSON.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The recovery codes that were made with the account's first factor; empty after that.</returns>
    public async Task<Change<string[]>> Add(string? name, string? state, string? answer, CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        problems.RequireText("name", name, most: 100);
        if (problems.Any)
            return Refusal.Invalid(problems);

        var account = changes.Account;
        if (questions.Find(state, Purpose, account.Id) is not { } asked)
            return Refusal.Conflict("This page was open for too long. Try again.");
        if (PasskeyAnswers.Read<AuthenticatorAttestationRawResponse>(answer) is not { } response
            || await Verify(asked, response, cancellationToken) is not { } made)
            return Refusal.Conflict("The browser's answer doesn't fit what it was asked. Try again.");

        try
        {
            return await Save(account, name!, asked, made, cancellationToken);
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return Refusal.Conflict("This passkey is there already.");
        }
    }

    /// <summary>Ends at once; the last factor of an account that must have one stays.</summary>
    public async Task<Change<string>> Remove(Guid passkey, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        await FactorsOfAccount.Lock(change.Connection, changes.Account.Id);
        var name = await change.Connection.ExecuteScalarAsync<string?>(
            "delete from passkeys where id = @passkey and account_id = @Id returning name", new { passkey, changes.Account.Id });
        if (name is null)
            return Refusal.NoSuch("passkey");
        if (await factors.AfterRemoval(change.Connection) is { } refusal)
            return refusal;

        await change.Commit(cancellationToken);
        mail.IsRemoved(changes.Account.Email, $"the passkey {name}");
        return name;
    }

    /// <summary>Null when the answer is wrong.</summary>
    private async Task<RegisteredPublicKeyCredential?> Verify(
        AskedQuestion asked, AuthenticatorAttestationRawResponse response, CancellationToken cancellationToken)
    {
        try
        {
            return await relyingParty.Fido2!.MakeNewCredentialAsync(
                new MakeNewCredentialParams
                {
                    AttestationResponse = response, OriginalOptions = CredentialCreateOptions.FromJson(asked.Options),
                    // The table sees to it.
                    IsCredentialIdUniqueToUserCallback = (_, _) => Task.FromResult(true),
                }, cancellationToken);
        }
        catch (Exception wrong) when (PasskeyAnswers.IsWrong(wrong))
        {
            return null;
        }
    }

    private async Task<Change<string[]>> Save(
        Account account, string name, AskedQuestion asked, RegisteredPublicKeyCredential made, CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        await FactorsOfAccount.Lock(change.Connection, account.Id);
        if ((await List(change.Connection, account.Id)).Count >= Most)
            return Refusal.Conflict($"An account can have {Most} passkeys. Remove one that you no longer use.");

        await change.Connection.ExecuteAsync(
            """
            insert into passkeys (id, account_id, name, credential_id, public_key, sign_count, asked_at)
            values (@Id, @Account, @name, @Credential, @PublicKey, @Count, @AskedAt)
            """,
            new
            {
                Id = Guid.CreateVersion7(time.GetUtcNow()), Account = account.Id, name, Credential = made.Id, made.PublicKey,
                Count = (long)made.SignCount, asked.AskedAt,
            });
        var codes = await factors.AfterSetup(change.Connection);
        await change.Commit(cancellationToken);
        mail.IsSetUp(account.Email, $"the passkey {name}");
        return codes;
    }

    /// <summary>What browsers keep with a passkey to say whose it is.</summary>
    public static byte[] Handle(Guid account) => account.ToByteArray(bigEndian: true);
}
