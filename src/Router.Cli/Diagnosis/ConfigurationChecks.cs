using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Router.Cli.Configuration;
using Router.Core.Alerts;
using Router.Core.Database;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Intake;
using Router.Core.Mail;
using Router.Core.Retention;
using Router.Hosting;

namespace Router.Cli.Diagnosis;

/// <summary>Whether the settings make sense, as the hosts themselves would find at their start.</summary>
internal static partial class ConfigurationChecks
{
    private const string Subject = "configuration";

    private const string Where = "docs/configuration.md has all settings.";

    public static List<Finding> Look(IServiceProvider services, IConfiguration configuration)
    {
        List<Finding> found = [
            .. Wrong<DatabaseOptions>(services), .. Wrong<BrokerOptions>(services), .. Wrong<HttpOptions>(services),
            .. Wrong<NetworkOptions>(services), .. Wrong<ProxyOptions>(services), .. Wrong<RetentionOptions>(services),
            .. Wrong<OrderOptions>(services), .. Wrong<DeliveryOptions>(services), .. Wrong<SmtpOptions>(services),
            .. Wrong<AlertOptions>(services), .. Unknown(configuration)];
        return found.Exists(one => one.Gravity is Gravity.Problem) ? found
            : [.. found, new Finding(Gravity.Fine, Subject, "The settings make sense.")];
    }

    private static IEnumerable<Finding> Wrong<T>(IServiceProvider services)
        where T : class
    {
        IEnumerable<string> failures = [];
        try
        {
            _ = services.GetRequiredService<IOptions<T>>().Value;
        }
        catch (OptionsValidationException wrong)
        {
            failures = wrong.Failures;
        }
        catch (InvalidOperationException unreadable)
        {
            // A value of another type: its text names the setting, and what stands inside repeats the value.
            failures = [unreadable.Message];
        }

        return failures.Select(failure => new Finding(
            Gravity.Problem, Subject, failure, $"Correct it: a host doesn't start with it. {Where}"));
    }

    /// <summary>Settings of our sections that no host reads: most often a slip of the pen.</summary>
    private static IEnumerable<Finding> Unknown(IConfiguration configuration)
    {
        var known = Known();
        var sections = known.Select(name => name.Split(':')[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var section in configuration.GetChildren().Where(section => sections.Contains(section.Key)))
        {
            foreach (var setting in section.GetChildren().Select(setting => $"{section.Key}:{setting.Key}")
                .Where(setting => !known.Contains(setting)))
            {
                var near = known.FirstOrDefault(name => Spelling.IsNear(name, setting));
                yield return new Finding(Gravity.Warning, Subject, $"No host reads {setting}.",
                    near is null ? $"Take it away, or look its name up: {Where}" : $"Is {near} meant?");
            }
        }
    }

    private static HashSet<string> Known()
    {
        using var page = typeof(ConfigurationChecks).Assembly.GetManifestResourceStream("configuration.md")!;
        using var text = new StreamReader(page);
        return Setting().Matches(text.ReadToEnd()).Select(match => match.Groups["name"].Value).ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    [GeneratedRegex(@"^\| `(?<name>[A-Z][A-Za-z]+:[A-Z][A-Za-z]+)` \|", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Setting();
}
