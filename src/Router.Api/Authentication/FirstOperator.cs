using Dapper;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Core.Database;
using Router.Core.Sites;
using Router.Hosting.ApiSettings;

namespace Router.Api.Authentication;

/// <summary>Makes the first operator from the configuration when there is none, and takes its API token into the list of tokens.</summary>
internal sealed partial class FirstOperator(
    NpgsqlDataSource database, DatabaseAvailability availability, IOptions<AdminOptions> options, PasswordHasher<Account> hasher,
    TimeProvider time,
    ILogger<FirstOperator> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!await availability.Wait(Make, cancellationToken))
            LogNobody(logger);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Whether anybody can sign in or call the API now.</summary>
    private async ValueTask<bool> Make(CancellationToken cancellationToken)
    {
        var admin = options.Value;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // Two hosts that start at once make one operator.
        await connection.ExecuteAsync(
            "lock table accounts in share row exclusive mode; select set_config('router.actor', 'configuration', true)");

        var account = await connection.ExecuteScalarAsync<Guid?>(
            """
            select id from accounts where role = 'operator' and disabled_at is null and not role_from_claim
            order by email <> @Email, created_at limit 1
            """,
            new { Email = admin.Email.ToLowerInvariant() });
        if (account is null && (admin.Password ?? admin.Token) is not null)
            account = await Insert(connection, admin);
        if (admin.Password is { } password)
        {
            await connection.ExecuteAsync(
                """
                update accounts set password_hash = @Hash
                where id = @account and email = @Email and password_hash is null and disabled_at is null
                  and not exists (select from account_logins l where l.account_id = @account)
                """,
                new { account, Email = admin.Email.ToLowerInvariant(), Hash = hasher.HashPassword(null!, password) });
        }

        if (account is { } id && admin.Token is { } token)
        {
            await connection.ExecuteAsync(
                """
                insert into api_tokens (id, account_id, name, token_sha256, scope)
                values (@Token, @id, 'from configuration', @Hash, 'operate')
                on conflict (token_sha256) do nothing
                """,
                new { Token = Guid.CreateVersion7(time.GetUtcNow()), id, Hash = Credential.Hash(token) });
        }

        await transaction.CommitAsync(cancellationToken);
        return account is not null;
    }

    private async Task<Guid> Insert(NpgsqlConnection connection, AdminOptions admin)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        var email = admin.Email.ToLowerInvariant();
        // Nobody else is an operator: who was one and is disabled comes back, but with nothing of before that lets anybody in.
        id = await connection.ExecuteScalarAsync<Guid>(
            """
            insert into accounts (id, email, role) values (@id, @email, 'operator')
            on conflict (email) do update
            set role = 'operator', role_from_claim = false, is_vouched = true, disabled_at = null, password_hash = null,
                stamp = gen_random_uuid(), failed_sign_ins = 0, locked_until = null
            returning id
            """, new { id, email });
        await connection.ExecuteAsync(
            """
            delete from invitations where account_id = @id;
            delete from account_logins where account_id = @id;
            select remove_second_factors(@id);
            update api_tokens set revoked_at = now()
            where account_id = @id and revoked_at is null and token_sha256 is distinct from @Configured
            """, new { id, Configured = admin.Token is { } token ? Credential.Hash(token) : null });
        LogMade(logger, email);
        return id;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Made the first operator, {Email}, from the configuration")]
    private static partial void LogMade(ILogger logger, string email);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "There is no operator yet, so nobody can configure anything: "
        + "set Admin:Email and Admin:Password, or Admin:Token, and start again")]
    private static partial void LogNobody(ILogger logger);
}
