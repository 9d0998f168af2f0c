using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Router.Core.Alerts;
using Router.Core.Database;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Intake;
using Router.Core.Mail;
using Router.Core.Retention;
using Router.Core.Sites;
using Router.Hosting;
using Router.Hosting.ApiSettings;

namespace Router.Cli.Diagnosis;

/// <summary>Whether the settings make sense, as the hosts themselves would find at their start.</summary>
internal static partial class ConfigurationChecks
{
    private const string Subject = "configuration";

    private const string Api = "the API";

    /// <param name="services">With the settings of both hosts, registered as they do it.</param>
    /// <param name="configuration">What those are bound to.</param>
    public static List<Finding> Look(IServiceProvider services, IConfiguration configuration)
    {
        List<Finding> found =
        [
            .. OfEither(services).Concat(OfTheApi(services)).Distinct(), .. UnknownSettings.Look(configuration),
        ];
        return found.Exists(one => one.Gravity is Gravity.Problem) ? found
            : [.. found, new Finding(Gravity.Fine, Subject, "The settings make sense.")];
    }

    // A test compares these lists with the options classes that there are.
    private static IEnumerable<Finding> OfEither(IServiceProvider services) =>
    [
        .. Wrong<LogOptions>(services, "Log"), .. Wrong<HttpOptions>(services, "Http"), .. Wrong<DatabaseOptions>(services, "Database"),
        .. Wrong<BrokerOptions>(services, "RabbitMq"), .. Wrong<SecretsOptions>(services, "Secrets"),
        .. Wrong<NetworkOptions>(services, "Network"), .. Wrong<ProxyOptions>(services, "Proxy"),
        .. Wrong<RetentionOptions>(services, "Retention"), .. Wrong<OrderOptions>(services, "Order"),
        .. Wrong<DeliveryOptions>(services, "Delivery"), .. Wrong<LaneOptions>(services, "Delivery"),
        .. Wrong<RetryQueueOptions>(services, "Delivery"), .. Wrong<IsolationOptions>(services, "Delivery"),
        .. Wrong<PauseOptions>(services, "Delivery"), .. Wrong<ReplayOptions>(services, "Delivery"),
        .. Wrong<SiteLimitOptions>(services, "SiteLimits"), .. Wrong<SmtpOptions>(services, "Smtp"),
        .. Wrong<AlertOptions>(services, "Alerts"), .. Wrong<TelemetryOptions>(services, "Telemetry"),
    ];

    private static IEnumerable<Finding> OfTheApi(IServiceProvider services) =>
    [
        .. Wrong<IncomingOptions>(services, "Incoming", Api), .. Wrong<IdempotencyOptions>(services, "Incoming", Api),
        .. Wrong<OutboxOptions>(services, "Outbox", Api), .. Wrong<PagesOptions>(services, "Pages", Api),
        .. Wrong<AdminOptions>(services, "Admin", Api), .. Wrong<SessionLimitOptions>(services, "Sessions", Api),
        .. Wrong<SecondFactorOptions>(services, "SecondFactor", Api), .. Wrong<ProviderOptions>(services, "OpenIdConnect", Api),
    ];

    private static IEnumerable<Finding> Wrong<T>(IServiceProvider services, string section, string who = "a host")
        where T : class
    {
        IEnumerable<string> failures = [];
        try
        {
            _ = services.GetRequiredService<IOptions<T>>().Value;
        }
        catch (OptionsValidationException wrong)
        {
            // One class may look at another one, which is looked at by itself.
            failures = wrong.OptionsType == typeof(T) ? wrong.Failures.Select(failure => Named(failure, section)) : [];
        }
        catch (InvalidOperationException unreadable)
        {
            // A value of another type: its text names the setting, and what stands inside repeats the value.
            failures = [unreadable.Message];
        }

        return failures.Select(failure => new Finding(
            Gravity.Problem, Subject, failure, $"Correct it: {who} doesn't start with it. {SettingsPage.Where}"));
    }

    /// <summary>A failure by the setting's own name, rather than the class's.</summary>
    private static string Named(string failure, string section)
    {
        if (Annotation().Match(failure) is not { Success: true } told)
            return failure;

        var (setting, text) = ($"{section}:{told.Groups["member"].Value}", told.Groups["text"].Value);
        return text.Contains(setting, StringComparison.Ordinal) ? text : $"{setting}: {text}";
    }

    [GeneratedRegex(
        "^DataAnnotation validation failed for '\\w+' members: '(?<member>\\w+)[^']*' with the error: '(?<text>.*)'\\.$",
        RegexOptions.Singleline | RegexOptions.NonBacktracking)]
    private static partial Regex Annotation();
}
