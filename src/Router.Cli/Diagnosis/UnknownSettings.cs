using Microsoft.Extensions.Configuration;
using Router.Cli.Configuration;

namespace Router.Cli.Diagnosis;

/// <summary>Settings of our sections that no host reads: most often a slip of the pen.</summary>
internal static class UnknownSettings
{
    public static IEnumerable<Finding> Look(IConfiguration configuration)
    {
        var known = SettingsPage.Names();
        var sections = known.Select(name => name.Split(':')[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var section in configuration.GetChildren().Where(section => sections.Contains(section.Key)))
        {
            foreach (var setting in section.GetChildren().Select(setting => $"{section.Key}:{setting.Key}")
                .Where(setting => !known.Contains(setting)))
            {
                var near = known.FirstOrDefault(name => Spelling.IsNear(name, setting));
                yield return new Finding(Gravity.Warning, "configuration", $"No host reads {setting}.",
                    near is null ? $"Take it away, or look its name up: {SettingsPage.Where}" : $"Is {near} meant?");
            }
        }
    }
}
