using Dapper;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Router.Core.Database;
using Router.Core.Destinations;

namespace Router.Hosting;

/// <summary>
/// Whether this host can read the secrets that are stored: a worker that can't would fail every delivery, and an API signs nobody in.
/// </summary>
internal sealed class SecretsCheck(NpgsqlDataSource database, IDataProtectionProvider protection, SecretProtection secrets) : IHealthCheck
{
    public const string Unreadable =
        "The stored secrets can't be read with this host's keys: "
        + "Secrets:CertificatePath is missing, or isn't the certificate that encrypted them. "
        + "Give this host the same certificate as the others (the one before it as Secrets:PreviousCertificatePath).";

    public const string Unusable = "The key ring can't be used: nothing can be encrypted with it, or read again.";

    private volatile string? _last;

    /// <summary>Null, or why the secrets can't be read, in a sentence for people.</summary>
    /// <exception cref="Exception">Postgres is away (<see cref="DatabaseAvailability.IsOutage"/>): nobody knows now.</exception>
    public async Task<string?> Problem(CancellationToken cancellationToken)
    {
        // The first of them before anything is encrypted: that would make a key where none of the present ones can be read.
        var stored = await Stored(cancellationToken);
        // A broken secret is its destination's own trouble.
        if (stored.Count(secret => secrets.TryUnprotect(secret) is null) * 2 > stored.Count)
            return _last = Unreadable;

        return _last = await Task.Run(RoundTrip, cancellationToken);
    }

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        string? problem;
        try
        {
            problem = await Problem(cancellationToken);
        }
        catch (Exception away) when (away is OperationCanceledException || DatabaseAvailability.IsOutage(away))
        {
            // That is said by another check; what was known goes on.
            problem = _last;
        }

        return problem is null ? HealthCheckResult.Healthy() : new HealthCheckResult(context.Registration.FailureStatus, problem);
    }

    private string? RoundTrip()
    {
        const string text = "ready";
        try
        {
            var protector = protection.CreateProtector("readiness");
            return protector.Unprotect(protector.Protect(text)) == text ? null : Unusable;
        }
        catch (Exception failed) when (Outage(failed) is null)
        {
            return Unusable;
        }
        catch (Exception failed)
        {
            throw Outage(failed)!;
        }
    }

    /// <summary>Some of those that are stored.</summary>
    private async Task<List<string>> Stored(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<string>(new CommandDefinition(
            """
            (select secret from destinations order by id limit 8) union (select secret from destinations order by id desc limit 8)
            union (select secret from integrations order by id limit 4)
            """, cancellationToken: cancellationToken))).AsList();
    }

    // Data Protection wraps what the key ring's store throws.
    private static Exception? Outage(Exception? failed)
    {
        for (; failed is not null; failed = failed.InnerException)
        {
            if (DatabaseAvailability.IsOutage(failed))
                return failed;
        }

        return null;
    }
}
