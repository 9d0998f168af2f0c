using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Npgsql;

namespace Router.Hosting;

/// <summary>
/// The key ring as it is now. Data Protection reads it once a day, and <see cref="KeyRotation"/> encrypts with a new key at once: hosts
/// that run must find that one. Read anew when something can't be decrypted, but not for each secret that nobody can read.
/// </summary>
internal sealed class LaterKeys(IConfiguration configuration, NpgsqlDataSource database)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private IDataProtectionProvider? _ring;
    private long _readAt;

    /// <summary>At most so many seconds old.</summary>
    public IDataProtectionProvider Look()
    {
        lock (_lock)
        {
            if (_ring is null || TimeProvider.System.GetElapsedTime(_readAt) > Pause)
            {
                _readAt = TimeProvider.System.GetTimestamp();
                _ring = Read();
            }

            return _ring;
        }
    }

    /// <summary>As it is in Postgres at this moment.</summary>
    public IDataProtectionProvider Read()
    {
        var services = new ServiceCollection().AddLogging();
        // An instance that is handed in isn't this provider's to end.
        services.AddSingleton(database);
        services.AddProtection(configuration);
        services.Configure<KeyManagementOptions>(keys => keys.AutoGenerateKeys = false);
        // Not disposed of: it reads its keys when they are asked for, and holds nothing that has an end.
        return services.BuildServiceProvider().GetRequiredService<IDataProtectionProvider>();
    }
}
