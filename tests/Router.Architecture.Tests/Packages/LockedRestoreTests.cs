namespace Router.Architecture.Tests.Packages;

/// <summary>What is built is what was looked at: the same packages, byte for byte.</summary>
public sealed class LockedRestoreTests
{
    [Fact]
    public void LockFiles_OfAllProjects_SayTheSameAndHaveHashes()
    {
        Assert.All(LockedPackages.Projects, project => Assert.True(File.Exists(LockedPackages.LockFile(project)), project));
        Assert.All(LockedPackages.All, package => Assert.NotEmpty(package.Hash));
        var twice = LockedPackages.All.Where(package => package.IsShipped).GroupBy(package => package.Name, StringComparer.Ordinal)
            .Where(versions => versions.Count() > 1).Select(versions => versions.Key);
        Assert.Empty(twice);
    }

    [Fact]
    public async Task Restore_OfWhatIsLocked_Succeeds()
    {
        using var copy = new RestoreCopy();
        var (exitCode, output) = await copy.Restore(ci: true);
        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public async Task Restore_OfAPackageWithOtherContents_IsRefused()
    {
        using var copy = new RestoreCopy();
        var hash = LockedPackages.All.Single(package => package.Name == "Dapper").Hash;
        copy.Change("src/Router.Core/packages.lock.json", hash, $"{(hash[0] == 'A' ? 'B' : 'A')}{hash[1..]}");
        var (exitCode, output) = await copy.Restore(ci: true);
        Assert.True(exitCode != 0, output);
        Assert.Contains("NU1403", output, StringComparison.Ordinal);
    }

    // On somebody's own machine the lock file follows, and the change of it is seen.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Restore_OfAVersionThatIsNotLocked_IsRefusedWhereNobodyWatches(bool ci)
    {
        using var copy = new RestoreCopy();
        var version = LockedPackages.All.Single(package => package.Name == "Dapper").Version;
        copy.Change("src/Router.Core/packages.lock.json", $"\"[{version}, )\"", "\"[2.1.0, )\"");
        var (exitCode, output) = await copy.Restore(ci);
        Assert.True(exitCode != 0 == ci, output);
        Assert.Equal(ci, output.Contains("NU1004", StringComparison.Ordinal));
    }
}
