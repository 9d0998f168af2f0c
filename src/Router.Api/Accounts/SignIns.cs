using Dapper;
using Microsoft.AspNetCore.Identity;
using Npgsql;
using Router.Api.Authentication;

namespace Router.Api.Accounts;

/// <summary>
/// Checks an e-mail and a password. Five wrong ones lock the account for a quarter of an hour; neither the answer nor its time tells
/// whether there is such an account, or that it is locked.
/// </summary>
internal sealed partial class SignIns(NpgsqlDataSource database, PasswordHasher<Account> hasher, ILogger<SignIns> logger)
{
    // A hash takes a core for a tenth of a second. Guessing must never take the cores from the leads.
    private static readonly SemaphoreSlim OneAtATime = new(1);

    // Who would wait for longer than some seconds is told to come back.
    private const int MostWaiting = 40;

    private static int _waiting;

    // Compared with when there is no such account, so that it takes as long.
    private readonly string _nobody = hasher.HashPassword(null!, "nobody's password");

    /// <summary>The account, or null.</summary>
    /// <exception cref="BadHttpRequestException">Too many wait already (429); nothing was counted.</exception>
    public async Task<SessionOwner?> Try(string email, string password, CancellationToken cancellationToken)
    {
        using var place = new Place();
        // The guess is counted before it is checked: however many come at once, five are checked.
        const string sql = """
            update accounts
            set failed_sign_ins = case when locked_until is null then failed_sign_ins + 1 else 1 end,
                locked_until = case when locked_until is null and failed_sign_ins + 1 >= 5 then now() + interval '15 minutes' end
            where email = lower(@email) and disabled_at is null and (locked_until is null or locked_until <= now())
            returning id, stamp, email, password_hash, locked_until is not null as locks
            """;
        var row = await Query<(Guid Id, Guid Stamp, string Email, string? Hash, bool Locks)?>(
            sql, new { email = email.Trim().Replace("\0", "", StringComparison.Ordinal) }, cancellationToken);
        var result = await Verify(row?.Hash, password, cancellationToken);
        if (row is not { Hash: not null } account || result is PasswordVerificationResult.Failed)
        {
            if (row is { Locks: true } locked)
                LogLocked(logger, locked.Id);
            return null;
        }

        await Query<Guid?>("update accounts set failed_sign_ins = 0, locked_until = null where id = @Id returning id", new { account.Id },
            cancellationToken);
        return new SessionOwner(account.Id, account.Stamp, account.Email);
    }

    /// <summary>
    /// Whether this is the account's password: asked once more before it is changed. Not counted, or strangers' guesses at the door would
    /// lock somebody out who is inside.
    /// </summary>
    /// <exception cref="BadHttpRequestException">Too many wait already (429).</exception>
    public async Task<bool> IsPassword(Guid account, string password, CancellationToken cancellationToken)
    {
        using var place = new Place();
        var hash = await Query<string?>("select password_hash from accounts where id = @account", new { account }, cancellationToken);
        return await Verify(hash, password, cancellationToken) is not PasswordVerificationResult.Failed && hash is not null;
    }

    // Each by itself: who waits for its turn to be checked must not keep a connection from the leads.
    private async Task<T?> Query<T>(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }

    private async Task<PasswordVerificationResult> Verify(string? hash, string password, CancellationToken cancellationToken)
    {
        await OneAtATime.WaitAsync(cancellationToken);
        try
        {
            return hasher.VerifyHashedPassword(null!, hash ?? _nobody, password);
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    /// <summary>A place in the queue of passwords to check.</summary>
    private sealed class Place : IDisposable
    {
        public Place()
        {
            if (Interlocked.Increment(ref _waiting) <= MostWaiting)
                return;
            Dispose();
            throw new BadHttpRequestException("Too many sign-ins at once.", StatusCodes.Status429TooManyRequests);
        }

        public void Dispose() => Interlocked.Decrement(ref _waiting);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Account {AccountId} is locked for 15 minutes after five wrong passwords")]
    private static partial void LogLocked(ILogger logger, Guid accountId);
}
