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

    private const string Slow = "It takes long to read the stored secrets: Secrets:CertificatePath may be missing.";

    private readonly Lock _lock = new();
    private Task<string?>? _look;
    private volatile bool _isReading;
    private volatile string? _last;

    /// <summary>
    /// Null, or why the secrets can't be read, in a sentence for people. One look at a time, whoever asks for it: with keys that don't fit
    /// Data Protection takes two seconds for each secret, and looks that pile up would never end.
    /// </summary>
    /// <exception cref="Exception">Postgres is away (<see cref="DatabaseAvailability.IsOutage"/>): nobody knows now.</exception>
    public Task<string?> Problem(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_look is not { IsCompleted: false })
                _look = Task.Run(Look, CancellationToken.None);
            return _look.WaitAsync(cancellationToken);
        }
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
            // An outage is said by another check; what was known goes on.
            problem = _last ?? (_isReading ? Slow : null);
        }

        return problem is null ? HealthCheckResult.Healthy() : new HealthCheckResult(context.Registration.FailureStatus, problem);
    }

    private async Task<string?> Look()
    {
        // The first of them before anything is encrypted: that would make a key where none of the present ones can be read.
        var stored = await Stored();
        _isReading = true;
        try
        {
            var unreadable = 0;
            foreach (var secret in stored)
            {
                // A broken secret is its destination's own trouble.
                if (secrets.TryUnprotect(secret) is null && ++unreadable * 2 > stored.Count)
                    return _last = Unreadable;
            }

            return _last = RoundTrip();
        }
        finally
        {
            _isReading = false;
        }
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
    private async Task<List<string>> Stored()
    {
        await using var connection = await database.OpenConnectionAsync();
        return (await connection.QueryAsync<string>(
            """
            (select secret from destinations order by id limit 8) union (select secret from destinations order by id desc limit 8)
            union (select secret from integrations order by id limit 4)
            """)).AsList();
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
