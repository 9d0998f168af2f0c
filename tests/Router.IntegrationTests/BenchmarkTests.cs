using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Benchmarks are run by hand, so that nobody would notice when they no longer work.</summary>
public sealed class BenchmarkTests
{
    [Fact]
    public async Task Bench_Smoke_RouterAndFloorDeliverEverything()
    {
        var benchmarks = Path.Combine(AppContext.BaseDirectory.Replace(
            "Router.IntegrationTests", "Router.Benchmarks", StringComparison.Ordinal), "Router.Benchmarks.dll");
        var figures = Path.GetTempFileName();

        var (exitCode, output) = await Shell.Run("dotnet", benchmarks, "run", "smoke", "--seconds", "1", "--json", figures);

        Assert.True(exitCode == 0, output);
        Assert.Contains("\"delivered\": 600", await File.ReadAllTextAsync(figures), StringComparison.Ordinal);
        File.Delete(figures);
    }
}
