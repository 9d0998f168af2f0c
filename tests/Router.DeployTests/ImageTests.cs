using System.Text.Json;
using Router.Testing;

namespace Router.DeployTests;

/// <summary>What is in the images, and what they say of themselves.</summary>
public sealed class ImageTests(Images images)
{
    [Theory]
    [InlineData("api")]
    [InlineData("worker")]
    [InlineData("demo-receiver")]
    public async Task Image_RunsAsAUserOfItsOwn_WithLabels(string name)
    {
        await images.Ready();
        var config = (await Images.Inspect("--type", "image", $"lead-router/{name}:{Images.Tag}")).GetProperty("Config");
        Assert.Equal("1654:1654", config.GetProperty("User").GetString());
        Assert.Equal("SIGTERM", config.GetProperty("StopSignal").GetString());
        var labels = config.GetProperty("Labels");
        foreach (var label in new[] { "title", "description", "version", "revision", "created", "licenses", "base.name" })
            Assert.NotEmpty(labels.GetProperty($"org.opencontainers.image.{label}").GetString()!);
        var (_, revision) = await Shell.Run("git", "-C", Repository.Root, "rev-parse", "HEAD");
        Assert.Equal(revision.Trim(), labels.GetProperty("org.opencontainers.image.revision").GetString());
    }

    [Theory]
    [InlineData("api", "Router.Api")]
    [InlineData("worker", "Router.Worker")]
    [InlineData("worker", "cli/router")]
    public async Task Image_HoldsNothingThatItsUserCanChange_AndListsItsPackages(string name, string program)
    {
        await images.Ready();
        var directory = Directory.CreateTempSubdirectory("router-image-");
        var container = $"router-image-{Guid.NewGuid():n}";
        try
        {
            await Images.Podman("create", "--name", container, $"lead-router/{name}:{Images.Tag}");
            await Images.Podman("cp", $"{container}:/app", directory.FullName);
            var app = Path.Combine(directory.FullName, "app");
            var (_, changeable) = await Shell.Run("find", app, "-user", "1654", "-o", "-perm", "/o+w");
            Assert.Equal("", changeable);

            var dependencies = Path.Combine(app, $"{program}.deps.json");
            Assert.Equal(Packages(dependencies), Listed(Path.Combine(Path.GetDirectoryName(dependencies)!, "sbom.cdx.json")));
        }
        finally
        {
            await Images.Podman("rm", "--force", container);
            directory.Delete(recursive: true);
        }
    }

    // The base that the images are built on here has no shell: what starts anyway needs none. This is to notice if it ever gets one.
    [Fact]
    public async Task Image_HasNoShell()
    {
        await images.Ready();
        var (exitCode, output) = await Images.Within(
            ["podman", "run", "--rm", "--network=none", "--entrypoint", "/bin/sh", $"lead-router/api:{Images.Tag}", "-c", "true"]);
        Assert.True(exitCode is 126 or 127, output);
    }

    /// <summary>What the program loads.</summary>
    private static IEnumerable<string> Packages(string dependencies)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(dependencies));
        return [.. json.RootElement.GetProperty("libraries").EnumerateObject()
            .Where(library => library.Value.GetProperty("type").GetString() == "package").Select(library => library.Name.Replace('/', '@'))
            .Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Listed(string bill)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(bill));
        Assert.Equal("CycloneDX", json.RootElement.GetProperty("bomFormat").GetString());
        var components = json.RootElement.GetProperty("components").EnumerateArray().ToList();
        // Of a package that has its licence as a text the list has none: LicenceTests names those.
        Assert.DoesNotContain(components, component => component.GetProperty("name").GetString() != "Otp.NET"
            && (!component.TryGetProperty("licenses", out var licences) || licences.GetArrayLength() == 0));
        return [.. components
            .Select(component => component.GetProperty("purl").GetString()!["pkg:nuget/".Length..]).Order(StringComparer.Ordinal)];
    }
}
