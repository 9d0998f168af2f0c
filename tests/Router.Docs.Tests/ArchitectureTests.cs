using System.Text.RegularExpressions;

namespace Router.Docs.Tests;

/// <summary>docs/architecture.md names what there is: the statements that move a delivery, and the tables.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs/architecture.md"));

    [Fact]
    public void StateDiagram_NamesMethods_ThatAreThere()
    {
        var named = Diagram().Matches(Page).SelectMany(diagram => Method().Matches(diagram.Value))
            .Select(match => (Class: match.Groups["class"].Value, Method: match.Groups["method"].Value)).Distinct().ToList();
        Assert.True(named.Count > 10, $"only {named.Count} methods in the state diagram");
        Assert.All(named, one =>
            Assert.Contains(Repository.Files("src", $"{one.Class}.cs"), file =>
            Regex.IsMatch(File.ReadAllText(file), $@" {one.Method}\(")));
    }

    /// <summary>By its SQL, or by a statement that it borrows.</summary>
    [Fact]
    public void StateDiagram_NamesEachClass_ThatMovesADelivery()
    {
        var moving = Repository.Files("src", "*.cs").Where(file => Moves().IsMatch(File.ReadAllText(file)))
            .Select(Path.GetFileNameWithoutExtension).ToList();
        Assert.True(moving.Count > 5, "The classes that move deliveries are written otherwise now: correct this test's pattern.");
        Assert.DoesNotContain(moving, name => !Page.Contains($"{name}.", StringComparison.Ordinal));
    }

    [Fact]
    public void Tables_OfTheSchema_AreAllNamed()
    {
        var tables = Repository.Files("src", "*.sql").Append(Path.Combine(Repository.Root, "src/Router.Core/Database/SchemaSteps.cs"))
            .SelectMany(file => Table().Matches(File.ReadAllText(file))).Select(match => match.Groups["name"].Value)
            .Where(name => !name.EndsWith("_default", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToList();
        Assert.True(tables.Count > 20, $"only {tables.Count} tables");
        Assert.DoesNotContain(tables, name => !Page.Contains($"`{name}`", StringComparison.Ordinal));
    }

    [GeneratedRegex("^```mermaid\nstateDiagram.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Diagram();

    [GeneratedRegex(@"\b(?<class>[A-Z]\w+)\.(?<method>[A-Z]\w+)\b")]
    private static partial Regex Method();

    [GeneratedRegex(@"set\s+state\s*=|insert into deliveries\b|DeliveryCancellation\.(Cancel|Planned)\b|DeliveryReplay\.Again\b",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Moves();

    [GeneratedRegex(@"create table (if not exists )?(?<name>[a-z_]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Table();
}
