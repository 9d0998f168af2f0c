using System.Reflection;
using System.Text.Json;

namespace Router.Architecture.Tests;

/// <summary>
/// Both hosts compare texts alike, whatever the language of the server: of the filters of templates some compare by culture, and where a
/// culture ignores characters a template that was tested elsewhere makes something else.
/// </summary>
public sealed class GlobalizationTests
{
    public static TheoryData<Assembly> Hosts => new() { Parts.Api, Parts.Worker };

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Host_HasNoCultureButTheInvariantOne(Assembly host)
    {
        using var settings = JsonDocument.Parse(File.ReadAllText(
            Path.Combine(AppContext.BaseDirectory, $"{host.GetName().Name}.runtimeconfig.json")));
        Assert.True(settings.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties")
            .GetProperty("System.Globalization.Invariant").GetBoolean());
    }
}
