using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Router.Architecture.Tests.Packages;

/// <summary>
/// A package with a known flaw isn't built in. Whether a feed knows of flaws is its own affair, so these ask one of their own.
/// </summary>
public sealed class AuditTests
{
    // A package that we ask for, and one that only others ask for.
    [Theory]
    [InlineData("Dapper", 3, "NU1904")]
    [InlineData("MimeKit", 0, "NU1901")]
    public async Task Restore_OfAPackageWithAKnownFlaw_Fails(string package, int severity, string code)
    {
        await using var source = await AuditSource($$"""
            { "{{package.ToLowerInvariant()}}": [{ "severity": {{severity}}, "url": "https://flaws.test/1", "versions": "(, 99.0.0)" }] }
            """);
        var (exitCode, output) = await Restore(source.Urls.Single());
        Assert.True(exitCode != 0, output);
        Assert.Matches($"error {code}: .*'{package}'", output);
    }

    [Fact]
    public async Task Restore_WhereNoFlawIsKnown_SaysNothing()
    {
        await using var source = await AuditSource("{}");
        var (exitCode, output) = await Restore(source.Urls.Single());
        Assert.True(exitCode == 0, output);
        Assert.DoesNotContain("NU19", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NU1905", true)]
    [InlineData("NU1900", false)]
    public async Task Restore_WhereNobodyKnowsOfFlaws_SaysSoAndSucceeds(string code, bool answers)
    {
        await using var source = await AuditSource(flaws: null);
        var url = source.Urls.Single();
        if (!answers)
            await source.StopAsync(TestContext.Current.CancellationToken);
        var (exitCode, output) = await Restore(url);
        Assert.True(exitCode == 0, output);
        Assert.Contains($"warning {code}", output, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output)> Restore(string source)
    {
        using var copy = new RestoreCopy();
        copy.Change("nuget.config", "https://api.nuget.org/v3/index.json\"", $"{source}/v3/index.json\" allowInsecureConnections=\"true\"");
        return await copy.Restore(ci: true);
    }

    /// <summary>The part of a feed that says which packages have flaws, as the protocol of NuGet has it.</summary>
    /// <param name="flaws">By package; null for a feed that has no such part.</param>
    private static async Task<WebApplication> AuditSource(string? flaws)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var now = TimeProvider.System.GetUtcNow().ToString("O", CultureInfo.InvariantCulture);
        app.MapGet("/v3/index.json", (HttpRequest request) => Results.Text(
            $$"""
            { "version": "3.0.0", "resources": [{{(flaws is null ? "" : $$"""
                { "@id": "http://{{request.Host}}/flaws/index.json", "@type": "VulnerabilityInfo/6.7.0" }
                """)}}] }
            """, "application/json"));
        app.MapGet("/flaws/index.json", (HttpRequest request) => Results.Text(
            $$"""
            [{ "@name": "base", "@id": "http://{{request.Host}}/flaws/base.json", "@updated": "{{now}}" }]
            """, "application/json"));
        app.MapGet("/flaws/base.json", () => Results.Text(flaws, "application/json"));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }
}
