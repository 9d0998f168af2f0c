using Dapper;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Authentication;
using Router.Hosting.ApiSettings;

namespace Router.Api.Accounts;

/// <summary>
/// Checks an e-mail and a password. After five wrong ones from one place none is looked at for a quarter of an hour
/// (<see cref="PasswordTries"/>); neither the answer nor its time tells whether there is such an account, or whether it was looked at.
/// </summary>
internal sealed partial class SignIns(
    NpgsqlDataSource database, PasswordHasher<Account> hasher, PasswordTries tries, KnownBrowsers browsers, AccessLog log,
    IOptions<ProviderOptions> provider, ILogger<SignIns> logger) : IDisposable
{
    private readonly PasswordQueue _strangers = new();

    // Strangers can always fill theirs. Who is known has a share of this one by account: any number of browsers may have its cookie. Nor
    // can owners with many accounts keep out operators, or those with a cookie those who are signed in.
    private readonly PasswordQueue _known = new(mostOfOne: 2);

    // Compared with when there is no such account, so that it takes as long.
    private readonly string _nobody = hasher.HashPassword(null!, "nobody's password");

    private sealed record Stored(Guid Id, Guid Stamp, string Email, string? PasswordHash);

    public void Dispose()
    {
        _strangers.Dispose();
        _known.Dispose();
    }

    /// <summary>The account, or null.</summary>
    /// <exception cref="BadHttpRequestException">Too many wait already (429); nothing was counted.</exception>
    public async Task<SessionOwner?> Try(HttpContext http, string email, string password, CancellationToken cancellationToken)
    {
        // By the cookie, whoever it is that they say they are: before there is a place nothing is asked of Postgres.
        var latest = browsers.LatestAccount(http);
        var queue = latest is null ? _strangers : _known;
        using var place = queue.Enter(latest ?? Guid.Empty);
        var account = await Query<Stored>(
            """
            select id, stamp, email, password_hash from accounts
            where email = lower(@email) and role = any (@RolesWithPassword) and disabled_at is null
            """, new { email = email.Trim().Replace("\0", "", StringComparison.Ordinal), provider.Value.RolesWithPassword },
            cancellationToken);
        var door = TryPlace.AtTheDoor(http, account is null ? null : browsers.Find(http, account.Id));
        // Counted where there is no such account, too: nothing comes of it, and it takes as long.
        var isLookedAt = await tries.Count(account?.Id ?? Guid.Empty, door, cancellationToken);
        if (!await IsRight(queue, account, isLookedAt, password, cancellationToken))
        {
            var isLocked = account is not null && !isLookedAt;
            if (isLocked)
                LogLocked(logger, account!.Id);
            await log.Write(
                http, isLocked ? AccessEvents.Locked : AccessEvents.WrongPassword, account?.Id, WaysIn.Password,
                cancellationToken: cancellationToken);
            return null;
        }

        await tries.Forget(account!.Id, door, cancellationToken);
        return new SessionOwner(account.Id, account.Stamp, account.Email);
    }

    /// <summary>Whether this is the password of whoever is signed in: asked for once more, and counted by session.</summary>
    /// <exception cref="BadHttpRequestException">Too many wait already (429).</exception>
    public async Task<PasswordAnswer> Ask(HttpContext http, string password, CancellationToken cancellationToken)
    {
        var signedIn = http.Account();
        using var place = _known.Enter(signedIn.Id, signedIn.Role);
        var session = TryPlace.Inside(signedIn.Session!);
        var account = await Query<Stored>(
            """
            select id, stamp, email, case when role = any (@RolesWithPassword) then password_hash end as password_hash
            from accounts where id = @Id
            """,
            new { signedIn.Id, provider.Value.RolesWithPassword }, cancellationToken);
        if (account is null || !await tries.Count(account.Id, session, cancellationToken))
            return PasswordAnswer.Locked;
        if (!await IsRight(_known, account, isLookedAt: true, password, cancellationToken))
        {
            await log.Write(http, AccessEvents.NotConfirmed, account.Id, WaysIn.Password, cancellationToken: cancellationToken);
            return PasswordAnswer.Wrong;
        }

        await tries.Forget(account.Id, session, cancellationToken);
        return PasswordAnswer.Right;
    }

    /// <summary>Whether there is a password to ask for.</summary>
    public Task<bool> HasPassword(Guid account, CancellationToken cancellationToken) =>
        Query<bool>(
            "select password_hash is not null and role = any (@RolesWithPassword) from accounts where id = @account",
            new { account, provider.Value.RolesWithPassword }, cancellationToken);

    private async Task<bool> IsRight(
        PasswordQueue queue, Stored? account, bool isLookedAt, string password, CancellationToken cancellationToken)
    {
        var compared = (isLookedAt ? account?.PasswordHash : null) ?? _nobody;
        var result = await queue.Check(() => hasher.VerifyHashedPassword(null!, compared, password), cancellationToken);
        if (!isLookedAt || account?.PasswordHash is not { } hash || result is PasswordVerificationResult.Failed)
            return false;
        if (result is PasswordVerificationResult.SuccessRehashNeeded)
            await Strengthen(account.Id, hash, password, cancellationToken);
        return true;
    }

    // Made when fewer rounds were enough. The password stays, and so do the sessions.
    private Task<Guid> Strengthen(Guid account, string hash, string password, CancellationToken cancellationToken) => Query<Guid>(
        """
        with who as (select set_config('router.actor', 'router: the same password, better protected', true))
        update accounts a set password_hash = @stronger from who where a.id = @account and a.password_hash = @hash returning a.id
        """, new { account, hash, stronger = hasher.HashPassword(null!, password) }, cancellationToken);

    // Each by itself: who waits for its turn to be checked must not keep a connection from the leads.
    private async Task<T?> Query<T>(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "Passwords for account {AccountId} are not looked at for 15 minutes where too many were wrong")]
    private static partial void LogLocked(ILogger logger, Guid accountId);
}
