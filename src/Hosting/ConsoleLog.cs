using Serilog;
using Serilog.Events;
using Serilog.Formatting.Json;

namespace Router.Hosting;

/// <summary>
/// Structured lines on the console, JSON unless <c>Log:Format</c> is <c>text</c>. Levels can be set as
/// <c>Serilog:MinimumLevel:Default</c> and <c>Serilog:MinimumLevel:Override:…</c>.
/// </summary>
internal static class ConsoleLog
{
    public static void AddConsoleLog(this WebApplicationBuilder builder)
    {
        var log = new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Information)
            // Whoever polls /health/ready gets the answer; a line for each poll would bury everything else.
            .MinimumLevel.Override("Microsoft.Extensions.Diagnostics.HealthChecks", LogEventLevel.Fatal)
            // Anybody can send a form with nonsense in it; they are told so.
            .MinimumLevel.Override("Microsoft.AspNetCore.Antiforgery", LogEventLevel.Fatal)
            .MinimumLevel.Override("MassTransit", LogEventLevel.Warning)
            .MinimumLevel.Override("Npgsql", LogEventLevel.Warning)
            .ReadFrom.Configuration(builder.Configuration)
            .Enrich.WithProperty("Host", builder.Environment.ApplicationName);
        log = builder.Configuration["Log:Format"] == "text"
            ? log.WriteTo.Console(
                outputTemplate: "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}", formatProvider: System.Globalization.CultureInfo.InvariantCulture)
            : log.WriteTo.Console(new JsonFormatter(renderMessage: true));

        builder.Logging.ClearProviders();
        builder.Logging.AddSerilog(log.CreateLogger(), dispose: true);
    }
}
