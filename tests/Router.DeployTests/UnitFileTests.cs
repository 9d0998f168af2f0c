using Router.Testing;

namespace Router.DeployTests;

/// <summary>The units of deploy/systemd as systemd reads them.</summary>
public sealed class UnitFileTests
{
    /// <summary>Of 100: the network that a host needs, and what .NET needs to compile, are 14.</summary>
    private const string MostExposure = "16";

    public static TheoryData<string> Units => [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "deploy/systemd"), "*.service")];

    [Theory]
    [MemberData(nameof(Units))]
    public async Task Unit_TakesNoMoreMemoryThanItMay(string unit) =>
        Assert.Single(
            await File.ReadAllLinesAsync(unit, TestContext.Current.CancellationToken),
            line => line.StartsWith("MemoryMax=", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Units))]
    public async Task Unit_IsUnderstoodAndHardened(string unit)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-analyze"), "systemd-analyze isn't there: it comes with Debian's package systemd.");
        var (exitCode, output) = await Shell.Run("systemd-analyze", "verify", "--man=no", unit);
        Assert.True(exitCode == 0 && output.Length == 0, output);
        (exitCode, output) = await Shell.Run(
            "systemd-analyze", "security", "--offline=true", "--no-pager", $"--threshold={MostExposure}", unit);
        Assert.True(exitCode == 0, output);
    }
}
