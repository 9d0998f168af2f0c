using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Router.Docs.Tests;

/// <summary>docs/cli.md names each command there is, and no other.</summary>
public sealed partial class CommandLineTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs/cli.md"));

    [Fact]
    public async Task Commands_OfTheProgram_AreAllNamed()
    {
        var all = new List<string>();
        foreach (var command in await Commands())
        {
            var inner = await Commands(command);
            all.AddRange(inner.Count == 0 ? [command] : inner.Select(one => $"{command} {one}"));
        }

        Assert.True(all.Count > 20, $"only {all.Count} commands");
        Assert.Equal(all.Order(StringComparer.Ordinal), Named().Order(StringComparer.Ordinal));
    }

    /// <summary>
    /// The first column of the table: <c>router leads list</c>, and <c>show LEAD</c> behind it for <c>router leads show</c>.
    /// </summary>
    private static IEnumerable<string> Named()
    {
        var table = Page[Page.IndexOf("## Commands", StringComparison.Ordinal)..Page.IndexOf("## Why", StringComparison.Ordinal)];
        foreach (var cell in Row().Matches(table).Select(row => row.Groups["first"].Value))
        {
            var parent = "";
            foreach (var code in Code().Matches(cell).Select(code => code.Groups["text"].Value))
            {
                var words = code.Split(' ').Where(word => word != "router" && !word.All(char.IsUpper)).ToArray();
                if (words.Length > 1)
                    parent = $"{words[0]} ";
                yield return words.Length > 1 ? string.Join(' ', words) : $"{parent}{words[0]}";
            }
        }
    }

    private static async Task<List<string>> Commands(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Program(), .. command, "--help"])
        {
            UseShellExecute = false, RedirectStandardOutput = true,
        })!;
        var help = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var commands = help.Split("Commands:\n");
        return commands.Length == 1 ? [] : [.. Command().Matches(commands[1]).Select(match => match.Groups["name"].Value)];
    }

    // Built along with these tests.
    private static string Program() =>
        Path.Combine(Repository.Root, "src/Router.Cli/bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0/router.dll");

    [GeneratedRegex(@"^\| (?<first>`router [^|]*)\|", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Row();

    [GeneratedRegex("`(?<text>[^`]+)`", RegexOptions.NonBacktracking)]
    private static partial Regex Code();

    [GeneratedRegex("^  (?<name>[a-z]+)", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Command();
}
