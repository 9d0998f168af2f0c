using System.Text.Json;
using System.Xml.Linq;

namespace Router.Architecture.Tests.Packages;

/// <summary>A package that a build takes.</summary>
/// <param name="Name">Its id.</param>
/// <param name="Version">The version that is taken.</param>
/// <param name="Hash">Of its contents, without its signature: the same on every feed.</param>
/// <param name="IsShipped">Whether it is in what is installed, and not in tests alone.</param>
internal sealed record LockedPackage(string Name, string Version, string Hash, bool IsShipped)
{
    /// <summary>The SPDX expression of its licence; null where it has a text or an address instead.</summary>
    public string? Licence => Nuspec.Descendants().FirstOrDefault(
        element => element.Name.LocalName == "license" && element.Attribute("type")?.Value == "expression")?.Value;

    private XDocument Nuspec => XDocument.Load(Path.Combine(
        LockedPackages.Folder, Name.ToLowerInvariant(), Version.ToLowerInvariant(), $"{Name.ToLowerInvariant()}.nuspec"));
}

/// <summary>What the lock files name.</summary>
internal static class LockedPackages
{
    /// <summary>Where restored packages are.</summary>
    public static string Folder => Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } folder ? folder
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget/packages");

    /// <summary>The projects of the repository, by their files.</summary>
    public static IReadOnlyList<string> Projects { get; } =
        [.. new[] { "src", "tests", "deploy" }.SelectMany(folder => Directory.EnumerateFiles(
            Path.Combine(Parts.Repository, folder), "*.csproj", SearchOption.AllDirectories)).Order(StringComparer.Ordinal)];

    /// <summary>All of them, each once.</summary>
    public static IReadOnlyList<LockedPackage> All { get; } =
        [.. Projects.SelectMany(Of).GroupBy(one => (one.Name, one.Version))
            .Select(same => same.First() with { IsShipped = same.Any(one => one.IsShipped) })];

    /// <summary>The lock file of a project.</summary>
    public static string LockFile(string project) => Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json");

    private static IEnumerable<LockedPackage> Of(string project)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(LockFile(project)));
        foreach (var package in json.RootElement.GetProperty("dependencies").EnumerateObject()
            .SelectMany(framework => framework.Value.EnumerateObject()))
        {
            // Our own projects have no version.
            if (package.Value.TryGetProperty("resolved", out var version))
                yield return new LockedPackage(package.Name, version.GetString()!, package.Value.GetProperty("contentHash").GetString()!,
                    !Path.GetRelativePath(Parts.Repository, project).StartsWith("tests", StringComparison.Ordinal));
        }
    }
}
