using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Serilog;
using Serilog.Configuration;
using Serilog.Events;
using Serilog.Formatting.Json;

namespace Router.Hosting;

/// <summary>
/// Structured lines on the console, JSON unless <c>Log:Format</c> is <c>text</c>, written aside: at most <c>Log:Buffer</c> of them (10,000)
/// wait for whoever reads the console (<see cref="AsideSink"/>). Levels can be set as <c>Serilog:MinimumLevel:Default</c> and
/// <c>Serilog:MinimumLevel:Override:…</c>.
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
            // Two lines for each request without credentials; RefusedCredentials says one a minute.
            .MinimumLevel.Override("Router.Api.Authentication.BasicProductHandler", LogEventLevel.Warning)
            .MinimumLevel.Override("Router.Api.Authentication.ApiTokenHandler", LogEventLevel.Warning)
            .MinimumLevel.Override("MassTransit", LogEventLevel.Warning)
            .MinimumLevel.Override("Npgsql", LogEventLevel.Warning)
            .ReadFrom.Configuration(builder.Configuration)
            .Enrich.WithProperty("Host", builder.Environment.ApplicationName)
            .Enrich.With<LinksInPaths>()
            .AddOtlp(builder);
        var options = Options(builder.Configuration);
        var losses = new LogLosses();
        // As JSON it is in each line that belongs to one.
        var trace = TelemetryOptions.Of(builder.Configuration).HasTraces ? " {TraceId}" : "";
        log.WriteTo.Sink(LoggerSinkConfiguration.Wrap(
            console => new AsideSink(console, options.Buffer, losses, TimeProvider.System), write =>
        {
            if (options.Format == "text")
            {
                write.Console(
                    outputTemplate: $"{{Timestamp:HH:mm:ss.fff}} {{Level:u3}} {{Message:lj}}{trace}{{NewLine}}{{Exception}}",
                    formatProvider: CultureInfo.InvariantCulture);
            }
            else
            {
                write.Console(new JsonFormatter(renderMessage: true));
            }
        }));
        builder.Services.AddLogSettings(builder.Configuration);
        builder.Services.AddSingleton(losses);
        builder.Services.AddHealthChecks().AddCheck<LogLosses>("log", HealthStatus.Degraded, tags: ["ready"]);

        builder.Logging.ClearProviders();
        builder.Logging.AddSerilog(log.CreateLogger(), dispose: true);
    }

    /// <summary>The settings, which doctor checks, too.</summary>
    public static void AddLogSettings(this IServiceCollection services, IConfiguration configuration) =>
        services.AddOptions<LogOptions>().Bind(configuration.GetSection("Log")).ValidateDataAnnotations().ValidateOnStart();

    // A host has its log before it has services.
    private static LogOptions Options(ConfigurationManager configuration)
    {
        var options = configuration.GetSection("Log").Get<LogOptions>() ?? new LogOptions();
        var wrong = new List<ValidationResult>();
        return Validator.TryValidateObject(options, new ValidationContext(options), wrong, validateAllProperties: true) ? options
            : throw new OptionsValidationException(
                "Log", typeof(LogOptions), wrong.Select(one => $"Log:{string.Join(',', one.MemberNames)}: {one.ErrorMessage}"));
    }
}
