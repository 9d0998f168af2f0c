using System.Text.Json;

namespace Router.Architecture.Tests.Packages;

/// <summary>
/// Hosts don't run on a .NET whose Data Protection has a known flaw (10.0.0 to 10.0.6): .NET refuses to start them on it.
/// </summary>
public sealed class RuntimeTests
{
    [Theory]
    [InlineData("Router.Api")]
    [InlineData("Router.Worker")]
    public void Runtime_OfAHost_IsNoneWithAKnownFlaw(string host)
    {
        var file = Path.Combine(Parts.Repository, "src", host, "bin/Release/net10.0", $"{host}.runtimeconfig.json");
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        var frameworks = json.RootElement.GetProperty("runtimeOptions").GetProperty("frameworks").EnumerateArray()
            .ToDictionary(one => one.GetProperty("name").GetString()!, one => one.GetProperty("version").GetString()!,
                StringComparer.Ordinal);
        Assert.Equal(["Microsoft.AspNetCore.App", "Microsoft.NETCore.App"], frameworks.Keys.Order(StringComparer.Ordinal));
        Assert.All(frameworks.Values, version => Assert.True(Version.Parse(version) >= new Version(10, 0, 7), version));
    }
}
