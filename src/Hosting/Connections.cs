using System.Globalization;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Router.Hosting;

/// <summary>Bounds what connections cost a host: whoever opens them and sends nothing must not take its file descriptors.</summary>
internal static class Connections
{
    public static void AddConnectionLimits(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<HttpOptions>().Bind(configuration.GetSection("Http")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<HttpOptions>>((kestrel, http) =>
        {
            kestrel.Limits.MaxConcurrentConnections = Math.Min(http.Value.MaxConnections, Descriptors() / 4 * 3);
            kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
            kestrel.Limits.KeepAliveTimeout = http.Value.IdleTimeout;
        });
    }

    /// <summary>How many files this process may have open; .NET has raised the soft limit to the hard one.</summary>
    private static long Descriptors()
    {
        const string limits = "/proc/self/limits", name = "Max open files";
        var line = File.Exists(limits) ? File.ReadLines(limits).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) : null;
        var soft = line?[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var most) ? most : int.MaxValue;
    }
}
