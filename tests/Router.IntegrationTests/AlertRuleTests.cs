using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// The alerts for Prometheus: promtool runs each of them against made-up series, and each leads to a line of the night table.
/// </summary>
public sealed class AlertRuleTests
{
    [Fact]
    public async Task Rules_RunByPromtool_FireAndStayQuietAsTheirTestsSay()
    {
        var (checkedWith, findings) = await Shell.Run(
            "promtool", "check", "config", Path.Combine(AlertRules.Directory, "prometheus.yml"));
        Assert.True(checkedWith == 0, findings);
        var (exitCode, output) = await Shell.Run("promtool", "test", "rules", AlertRules.Tests);
        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public void Rules_EachHaveATestThatFiresAndOneThatDoesNot()
    {
        var tests = File.ReadAllText(AlertRules.Tests);
        var rules = AlertRules.All();
        Assert.NotEmpty(rules);
        Assert.All(rules, rule =>
        {
            var name = rule.Name["LeadRouter".Length..];
            Assert.Contains($"name: {name} fires\n", tests, StringComparison.Ordinal);
            Assert.Contains($"name: {name} stays quiet\n", tests, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Rules_EachNameOneLineOfTheNightTable()
    {
        var seen = File.ReadLines(Path.Combine(Repository.Root, "docs/operators.md"))
            .SkipWhile(line => line != "## At night").TakeWhile(line => line != "## The first operator")
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split(" | ")[0]).ToList();
        Assert.All(AlertRules.All(), rule =>
            Assert.True(
                seen.Count(cell => cell.Contains(rule.Night, StringComparison.Ordinal)) == 1,
                $"{rule.Name}: '{rule.Night}' is in {seen.Count(cell => cell.Contains(rule.Night, StringComparison.Ordinal))} lines"));
    }
}
