using System.Text.RegularExpressions;
using Router.Core.Deliveries;

namespace Router.Docs.Tests;

/// <summary>docs/configuration.md says what the options classes say.</summary>
public sealed partial class ConfigurationPageTests
{
    /// <summary>With <c>APPROVE=1</c> in the environment it rewrites the generated part instead.</summary>
    [Fact]
    public void ConfigurationPage_ComparedWithTheOptionsClasses_IsUpToDate()
    {
        var page = File.ReadAllText(ConfigurationPage.Path);
        var marker = page.IndexOf(ConfigurationPage.Marker, StringComparison.Ordinal);
        Assert.True(marker >= 0, $"docs/configuration.md lacks the line {ConfigurationPage.Marker}");
        var wanted = page[..(marker + ConfigurationPage.Marker.Length)] + "\n" + ConfigurationPage.Generated();
        if (Environment.GetEnvironmentVariable("APPROVE") == "1")
            File.WriteAllText(ConfigurationPage.Path, wanted);
        else
            Assert.True(page == wanted, "docs/configuration.md is out of date: APPROVE=1 dotnet test tests/Router.Docs.Tests, "
                + $"and look at the difference. It should say:\n{wanted}");
    }

    [Fact]
    public void DocComments_OfEachSetting_StateItsDefault() =>
        Assert.Empty(from section in ConfigurationPage.Sections()
                     from setting in section.Settings
                     where setting.Problem is not null
                     select $"{section.Name}:{setting.Name} {setting.Problem}");

    /// <summary>Its property is null, so no value says it.</summary>
    [Fact]
    public void DocComment_OfTheRetrySchedule_StatesTheWholeDefault() =>
        Assert.Equal(
            $"`{string.Join(',', DeliveryOptions.DefaultSchedule)}`",
            ConfigurationPage.Sections().SelectMany(section => section.Settings)
                .Single(setting => setting.Name == nameof(DeliveryOptions.RetrySchedule)).Default);

    /// <summary>A section that the code reads without an options class, or with one that isn't called so, would be in no table.</summary>
    [Fact]
    public void Sections_ReadByTheCode_AreOnThePage()
    {
        var read = Repository.Files("src", "*.cs").SelectMany(file => Read().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["name"].Value).Distinct(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(read);
        Assert.Empty(read.Except(ConfigurationPage.Sections().Select(section => section.Name), StringComparer.Ordinal));
    }

    [GeneratedRegex("(?:GetSection|BindConfiguration)\\(\"(?<name>\\w+)\"\\)")]
    private static partial Regex Read();
}
