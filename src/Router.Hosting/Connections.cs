using System.Globalization;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Router.Hosting;

/// <summary>Bounds what connections cost a host: whoever opens them and sends nothing must not take its file descriptors.</summary>
internal static class Connections
{
    // What the host itself has still to open when this is settled: pools of connections, assemblies, receivers' sockets.
    private const int Ours = 100;

    private const int Least = 16;

    public static void AddConnectionLimits(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<HttpOptions>().Bind(configuration.GetSection("Http")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<HttpOptions>>((kestrel, http) =>
        {
            kestrel.Limits.MaxConcurrentConnections = Math.Min(http.Value.MaxConnections, Math.Max(Least, (Descriptors() - Open() - Ours) / 4 * 3));
            kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
            kestrel.Limits.KeepAliveTimeout = http.Value.IdleTimeout;
        });
    }

    // A host has some two hundred assemblies open before anybody connects.
    private static int Open() => Directory.Exists("/proc/self/fd") ? Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() : 0;

    /// <summary>How many files this process may have open; .NET has raised the soft limit to the hard one.</summary>
    private static long Descriptors()
    {
        const string limits = "/proc/self/limits", name = "Max open files";
        var line = File.Exists(limits) ? File.ReadLines(limits).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) : null;
        var soft = line?[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var most) ? most : int.MaxValue;
    }
}
