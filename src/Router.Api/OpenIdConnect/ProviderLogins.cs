using Dapper;
using Microsoft.AspNetCore.DataProtection;
using Npgsql;
using Router.Api.Accounts;
using Router.Api.Changes;

namespace Router.Api.OpenIdConnect;

/// <summary>With which account of the provider an account here is connected; for that account itself.</summary>
internal sealed class ProviderLogins(
    NpgsqlDataSource database, ConfigurationChanges changes, AccountNotices notices, IDataProtectionProvider protection)
{
    private static readonly TimeSpan WishLasts = TimeSpan.FromMinutes(5);

    private readonly ITimeLimitedDataProtector _wishes = protection.CreateProtector("connect-provider").ToTimeLimitedDataProtector();

    /// <summary>Since when it is; null when it isn't.</summary>
    public async Task<DateTimeOffset?> ConnectedAt(Guid account, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<DateTimeOffset?>(
            "select min(created_at) from account_logins where account_id = @account", new { account });
    }

    /// <summary>
    /// For the address of the page that goes to the provider: that this account has asked for it with a form. A link that anybody could
    /// make would let them connect their own account there with somebody's here.
    /// </summary>
    public string Wish(Guid account) => _wishes.Protect(account.ToString("D"), WishLasts);

    /// <summary>The account that has wished it within the last minutes; null for anything else.</summary>
    public Guid? Wished(string wish)
    {
        try
        {
            return Guid.Parse(_wishes.Unprotect(wish));
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Whoever signs in by it then has to be let in again. Not where there is no password to sign in with.</summary>
    public async Task<bool> Disconnect(CancellationToken cancellationToken)
    {
        await using var change = await changes.Begin(cancellationToken);
        var removed = await change.Connection.ExecuteAsync(
            """
            delete from account_logins l using accounts a
            where l.account_id = @Id and a.id = l.account_id and a.password_hash is not null
            """, new { changes.Account.Id });
        await change.Commit(cancellationToken);
        if (removed > 0)
            notices.IsDisconnected(changes.Account.Email);
        return removed > 0;
    }
}
