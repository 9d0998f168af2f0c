using System.Security.Claims;
using Dapper;
using Microsoft.AspNetCore.Authentication;
using Npgsql;
using Router.Core.Sites;

namespace Router.Api.Authentication;

/// <summary>
/// Begins and ends sessions. The browser's cookie names one by a random token, of which the table has the hash; so a copy of the cookie is
/// worth nothing once the session has ended.
/// </summary>
internal sealed class Sessions(NpgsqlDataSource database, KnownBrowsers browsers, AccessLog log, TimeProvider time)
{
    /// <summary>How many an account can have at a time; a further one ends the one that was used least lately.</summary>
    public const int Most = 50;

    /// <summary>
    /// Begins one for whoever has shown to be this account, and gives the browser its cookie; the one that the browser had before ends.
    /// </summary>
    /// <param name="http">Of the request with which they have shown it.</param>
    /// <param name="owner">As it was when it was checked.</param>
    /// <param name="how">One of <see cref="WaysIn"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="confirmedAt">When they have shown it, if that was before.</param>
    /// <returns>False when the account was disabled or its password changed meanwhile: nobody is signed in then.</returns>
    public async Task<bool> Start(
        HttpContext http, SessionOwner owner, string how, CancellationToken cancellationToken, DateTimeOffset? confirmedAt = null)
    {
        // The lock holds back whoever changes the stamp, which ends the sessions that there are by then.
        const string sql = """
            with owner as (
                select id from accounts where id = @Owner and stamp = @Stamp and disabled_at is null for no key update
            ), surplus as (
                update sessions set ended_at = now(), end_reason = case when id = @Before then 'replaced' else 'too_many' end
                where ended_at is null and exists (select from owner) and (id = @Before or id = any (array(
                    select id from sessions where account_id = @Owner and ended_at is null
                    order by last_seen_at desc, id offset (@Most - 1))))
            )
            insert into sessions (id, account_id, token_sha256, how, address, browser, confirmed_at)
            select @Id, id, @Hash, @how, @Address, @Browser, least(coalesce(@confirmedAt, now()), now()) from owner
            """;
        var token = Credential.Generate();
        var started = await Execute(
            sql,
            new
            {
                Id = Guid.CreateVersion7(time.GetUtcNow()), Owner = owner.Id, owner.Stamp, Hash = Credential.Hash(token), how, Most,
                confirmedAt,
                Address = ClientAddress.Of(http), Browser = BrowserLabel.Of(http.Request.Headers.UserAgent.ToString()),
                Before = http.SignedIn()?.Session?.Id,
            }, cancellationToken);
        if (started == 0)
            return false;

        browsers.Remember(http, owner.Id);
        await log.Write(http, AccessEvents.SignedIn, owner.Id, how, cancellationToken: cancellationToken);
        await http.SignInAsync(SessionCookie.SchemeName, SessionCookie.Principal(owner, token));
        return true;
    }

    /// <summary>
    /// Whoever uses the session of this request has shown once more to be its account; counts from the next request on.
    /// </summary>
    /// <param name="http">Of that request.</param>
    /// <param name="how">One of <see cref="WaysIn"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task Confirm(HttpContext http, string how, CancellationToken cancellationToken)
    {
        var account = http.Account();
        await Execute(
            "update sessions set confirmed_at = now() where id = @Id and ended_at is null", new { account.Session!.Id }, cancellationToken);
        await log.Write(http, AccessEvents.Confirmed, account.Id, how, cancellationToken: cancellationToken);
    }

    /// <summary>Ends the one of this request.</summary>
    public async Task End(HttpContext http, CancellationToken cancellationToken)
    {
        if (http.SignedIn() is { Session: { } session } account)
        {
            await Execute(
                "update sessions set ended_at = now(), end_reason = 'signed_out' where id = @Id and ended_at is null",
                new { session.Id }, cancellationToken);
            await log.Write(http, AccessEvents.SignedOut, account.Id, cancellationToken: cancellationToken);
        }

        await http.SignOutAsync(SessionCookie.SchemeName);
    }

    // The log takes a connection of its own.
    private async Task<int> Execute(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }
}
