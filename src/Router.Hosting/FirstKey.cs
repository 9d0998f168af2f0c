using Dapper;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Npgsql;
using Router.Core.Database;

namespace Router.Hosting;

/// <summary>
/// Makes the first key of a database, under a lock: were two hosts to make their own, each would encrypt with what the others may not
/// know before they read the ring again, a day later.
/// </summary>
internal sealed partial class FirstKey(
    NpgsqlDataSource database, DatabaseAvailability availability, IKeyManager keys, IConfiguration configuration, TimeProvider time,
    ILogger<FirstKey> logger) : IHostedService
{
    private const long Lock = 0x4c4541444b455953; // "LEADKEYS"

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(configuration["Secrets:CertificatePath"]))
            LogUnencrypted(logger);
        await availability.Wait(Make, cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async ValueTask<bool> Make(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync("select pg_advisory_xact_lock(@Lock)", new { Lock }, commandTimeout: 0);
        if (keys.GetAllKeys().Count > 0)
            return false;

        var now = time.GetUtcNow();
        keys.CreateNewKey(now, now.AddDays(90));
        return true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "Secrets:CertificatePath is not set: the keys that encrypt the destinations' secrets are stored in Postgres as they are, "
        + "and a dump of the database gives them away")]
    private static partial void LogUnencrypted(ILogger logger);
}
