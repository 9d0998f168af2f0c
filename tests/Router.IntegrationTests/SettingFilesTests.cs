using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Secrets come from files, and are nowhere else where others could see them.</summary>
public sealed partial class SettingFilesTests(TestServers servers)
{
    private static readonly string[] Secret = ["ConnectionString", "Uri", "Password", "Token", "Secret"];

    [Fact]
    public void Setting_ThatIsSecret_CanComeFromAFile()
    {
        var settings = Setting().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs/configuration.md")))
            .Select(match => match.Groups["name"].Value)
            .Where(name => Secret.Any(word => name.EndsWith(word, StringComparison.Ordinal))).ToList();
        Assert.Contains("Smtp:Password", settings);
        Assert.Contains("Database:OwnerConnectionString", settings);

        var directory = Directory.CreateTempSubdirectory("router-settings-");
        try
        {
            foreach (var name in settings)
            {
                File.WriteAllText(
                    Path.Combine(directory.FullName, name.Replace(":", "__", StringComparison.Ordinal)), $"the value of {name}\n");
            }

            var builder = WebApplication.CreateSlimBuilder();
            builder.Configuration["Settings:Directory"] = directory.FullName;
            // A file goes before what stands elsewhere.
            builder.Configuration["Smtp:Password"] = "another";
            Assembly.LoadFrom(Path.Combine(Path.GetDirectoryName(Repository.Host("Router.Api"))!, "Router.Hosting.dll"))
                .GetType("Router.Hosting.SettingFiles")!.GetMethod("AddSettingFiles")!.Invoke(null, [builder]);
            Assert.All(settings, name => Assert.Equal($"the value of {name}", builder.Configuration[name]));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Hosts_OfTheTests_HaveNoSecretInTheirCommandLineOrEnvironment()
    {
        await using var processes = new ProcessWatch();
        // Of this router's own: other tests have the usual ones, and start what is told them by its environment.
        var password = $"a password of this test {Guid.NewGuid():N}";
        await using var router = await RouterFixture.StartProcesses(servers, workers: 1, ("Admin:Password", password));
        var seen = await processes.Seen();
        Assert.Contains("Network__Allow", seen, StringComparison.Ordinal);
        foreach (var secret in new[] { router.Settings["Database:ConnectionString"], router.Settings["RabbitMq:Uri"], password })
            Assert.False(seen.Contains(secret, StringComparison.Ordinal), "a secret was seen");
    }

    [GeneratedRegex(@"^\| `(?<name>[A-Z][A-Za-z]+:[A-Z][A-Za-z]+)` \|", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Setting();
}
