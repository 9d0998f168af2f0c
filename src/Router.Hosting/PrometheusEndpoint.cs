using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace Router.Hosting;

/// <summary>
/// <c>/metrics</c>, on a port of its own that answers nothing else: what is open to senders and people doesn't have it, whatever a request
/// says of its host.
/// </summary>
internal static class PrometheusEndpoint
{
    private const string Path = "/metrics";

    /// <summary>One more address that the host listens on, the last one.</summary>
    public static void AddPrometheusPort(this WebApplicationBuilder builder, TelemetryOptions options)
    {
        if (options.PrometheusPort == 0 || !IPAddress.TryParse(options.PrometheusAddress, out var address))
            return;

        var host = address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
        var url = $"http://{host}:{options.PrometheusPort}";
        if (builder.Configuration.GetSection("Kestrel:Endpoints").Exists())
            builder.Configuration["Kestrel:Endpoints:Prometheus:Url"] = url;
        else
            builder.WebHost.UseUrls($"{builder.WebHost.GetSetting(WebHostDefaults.ServerUrlsKey)};{url}");
    }

    /// <summary>Before anything else of the host's.</summary>
    public static void UsePrometheusPort(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<TelemetryOptions>>().Value is not { PrometheusPort: > 0 and var port })
            return;

        app.MapWhen(context => context.Connection.LocalPort == port, metrics =>
        {
            metrics.UseOpenTelemetryPrometheusScrapingEndpoint(Path);
            metrics.Run(context =>
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            });
        });
    }
}
