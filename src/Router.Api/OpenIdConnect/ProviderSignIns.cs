using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Accounts;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Hosting.ApiSettings;

namespace Router.Api.OpenIdConnect;

/// <summary>Who may come in, or why not.</summary>
/// <param name="Owner">The account that may come in.</param>
/// <param name="Refusal">One of <see cref="ProviderRefusals"/>; null when there is an owner.</param>
/// <param name="Account">Whose account it is about, where that is known.</param>
internal sealed record ProviderSignIn(SessionOwner? Owner, string? Refusal, Guid? Account);

/// <summary>
/// Finds the account of somebody whom the provider has let in, and gives it the roles and sites that the provider says. An account belongs
/// to a subject of an issuer; by an e-mail address it is found only once, and only by one that is verified.
/// </summary>
internal sealed partial class ProviderSignIns(
    ConfigurationChanges changes, IOptions<ProviderOptions> options, AccountNotices notices, TimeProvider time,
    ILogger<ProviderSignIns> logger)
{
    /// <param name="person">Whom the provider has let in.</param>
    /// <param name="connect">The account that asked to be connected with this person while it was signed in.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<ProviderSignIn> Find(ProviderPerson person, Guid? connect, CancellationToken cancellationToken)
    {
        if (options.Value.AmrOfChoice is { Length: > 0 } wanted && !wanted.Intersect(person.Amr, StringComparer.Ordinal).Any())
            return Refused(ProviderRefusals.NotStrong);

        try
        {
            return await FindOnce(person, connect, cancellationToken);
        }
        catch (PostgresException race) when (race.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            // The same person in two windows: the other one has made the link or the account.
            return await FindOnce(person, connect, cancellationToken);
        }
    }

    private async Task<ProviderSignIn> FindOnce(ProviderPerson person, Guid? connect, CancellationToken cancellationToken)
    {
        // Anybody's address may stand there unverified.
        var who = (person.IsEmailVerified ? person.Email : null) ?? person.Subject;
        await using var change = await changes.Begin($"{who} ({options.Value.Name})", cancellationToken);
        var database = change.Connection;
        var sites = await ClaimedSites.Find(database, person.Sites);
        var known = await database.ExecuteScalarAsync<Guid?>(
            "select account_id from account_logins where issuer = @Issuer and subject = @Subject", new { person.Issuer, person.Subject });
        if (known is not null && connect is not null && connect != known)
            return Refused(ProviderRefusals.Taken, connect);

        var (account, refusal) = known is { } id ? (id, null) : await Link(database, person, connect, hasSites: sites.Count > 0);
        if (refusal is not null)
            return Refused(refusal, account == default ? null : account);
        // By the address that the link was meant for. A connection that was there already may be what the account was disabled for.
        if (connect is null && known is null)
            await LetInAgain(database, account);
        // Behind whoever disables it at this moment.
        if (!await database.ExecuteScalarAsync<bool>(
            "select disabled_at is null from accounts where id = @account for no key update", new { account }))
            return Refused(ProviderRefusals.Disabled, account);

        await SetRole(database, account, person.IsOperator);
        await ClaimedSites.Set(database, account, sites);
        var owner = await database.QuerySingleAsync<SessionOwner>(
            "select id, stamp, email from accounts where id = @account", new { account });
        await change.Commit(cancellationToken);
        if (known is null && connect is not null)
            notices.IsConnected(owner.Email);
        return new ProviderSignIn(owner, null, account);
    }

    private ProviderSignIn Refused(string refusal, Guid? account = null)
    {
        LogRefused(logger, refusal);
        return new ProviderSignIn(null, refusal, account);
    }

    /// <summary>The account that this person has from now on, or why there is none.</summary>
    private async Task<(Guid Account, string? Refusal)> Link(
        NpgsqlConnection database, ProviderPerson person, Guid? connect, bool hasSites)
    {
        // What anybody can enter there must open nothing here. The same for those who have an account and those who have none.
        if (connect is null && person.Email is null)
            return (default, ProviderRefusals.NoEmail);
        if (connect is null && !person.IsEmailVerified)
            return (default, ProviderRefusals.Unverified);
        var found = connect ?? await database.ExecuteScalarAsync<Guid?>(
            "select id from accounts where email = @Email for no key update", new { person.Email });
        if (found is null && options.Value.MakesAccounts && (person.IsOperator || hasSites))
            found = await Make(database, person.Email!);
        if (found is not { } account)
            return (default, ProviderRefusals.Unknown);
        // The address has another owner there than it had.
        if (await database.ExecuteScalarAsync<bool>(
            "select exists (select from account_logins where account_id = @account and issuer = @Issuer)", new { account, person.Issuer }))
            return (account, ProviderRefusals.Taken);

        if (connect is null)
            await TakeOver(database, account);
        await database.ExecuteAsync(
            "insert into account_logins (issuer, subject, account_id) values (@Issuer, @Subject, @account)",
            new { person.Issuer, person.Subject, account });
        LogLinked(logger, account);
        return (account, null);
    }

    private async Task<Guid> Make(NpgsqlConnection database, string email)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        await database.ExecuteAsync("insert into accounts (id, email, role) values (@id, @email, 'owner')", new { id, email });
        return id;
    }

    /// <summary>What is disabled stays so, unless an operator has made a new link since, which this uses up.</summary>
    private static async Task LetInAgain(NpgsqlConnection database, Guid account) =>
        await database.ExecuteAsync(
        """
        with again as (
            update accounts set disabled_at = null
            where id = @account and disabled_at is not null and exists (
                select from invitations where account_id = @account and not is_asked_for and expires_at > now())
            returning id
        )
        delete from invitations where account_id in (select id from again)
        """, new { account });

    /// <summary>
    /// An account that is found by its address is its owner's from now on. The links to it are used up by this, all but one that lets a
    /// disabled account in again. Where somebody else saw a link, whoever has used it may be somebody else: that password and those
    /// tokens end here.
    /// </summary>
    private static async Task TakeOver(NpgsqlConnection database, Guid account) => await database.ExecuteAsync(
        """
        delete from invitations i using accounts a where i.account_id = @account and a.id = i.account_id and a.disabled_at is null;
        update api_tokens set revoked_at = now()
        where account_id = @account and revoked_at is null and not (select is_vouched from accounts where id = @account);
        select remove_second_factors(id) from accounts where id = @account and not is_vouched;
        update accounts
        set is_vouched = true, password_hash = null, stamp = gen_random_uuid(), failed_sign_ins = 0, locked_until = null
        where id = @account and not is_vouched
        """, new { account });

    private static async Task SetRole(NpgsqlConnection database, Guid account, bool isOperator) => await database.ExecuteAsync(
        """
        update accounts
        set role = case when @isOperator then 'operator' else 'owner' end, role_from_claim = @isOperator
        where id = @account and case when @isOperator then role <> 'operator' else role_from_claim end
        """, new { account, isOperator });

    [LoggerMessage(Level = LogLevel.Information, Message = "Account {AccountId} is connected with an account of the provider")]
    private static partial void LogLinked(ILogger logger, Guid accountId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Somebody whom the provider let in was refused: {Reason}")]
    private static partial void LogRefused(ILogger logger, string reason);
}
