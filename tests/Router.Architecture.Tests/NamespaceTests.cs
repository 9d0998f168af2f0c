using System.Text.RegularExpressions;
using ArchUnitNET.xUnitV3;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using static ArchUnitNET.Fluent.Slices.SliceRuleDefinition;

namespace Router.Architecture.Tests;

/// <summary>Which namespace may know which, within an assembly.</summary>
public sealed class NamespaceTests
{
    /// <summary>Router.Core's namespaces. Each may know those before it and none after it.</summary>
    private static readonly string[] Stages =
    [
        "Telemetry", "Leads", "Database", "Duties", "Mail", "Sites", "Mapping", "Destinations", "SetAside", "Intake", "Deliveries",
        "Search", "Retention", "Alerts", "Recovery",
    ];

    public static TheoryData<string> EarlierStages => new(Stages[..^1]);

    [Theory]
    [MemberData(nameof(EarlierStages))]
    public void Stage_OfCore_DoesNotKnowLaterOnes(string stage) =>
        Types().That().ResideInNamespaceMatching(Within("Router.Core", stage))
            .Should().NotDependOnAny(
                Types().That().ResideInNamespaceMatching(Within("Router.Core", Stages[(Array.IndexOf(Stages, stage) + 1)..])))
            .Because("a later stage may know an earlier one, never the reverse")
            .Check(Parts.All);

    [Fact]
    public void Stages_OfCore_AreAllOfIts()
    {
        var namespaces = Parts.Core.GetTypes().Select(type => type.Namespace).OfType<string>()
            .Where(name => name.StartsWith("Router.Core.", StringComparison.Ordinal));
        Assert.Equal(Stages.Order(StringComparer.Ordinal),
            namespaces.Select(name => name.Split('.')[2]).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Namespaces_OfTheApi_KnowEachOtherInOneDirection() =>
        Slices().Matching("Router.Api.(*)").Should().BeFreeOfCycles().Check(Parts.All);

    [Theory]
    [InlineData("Router.Core")]
    [InlineData("Router.Api")]
    public void Namespaces_DoNotKnowWhatPutsThemTogether(string root) =>
        Types().That().ResideInNamespaceMatching($@"^{Regex.Escape(root)}\.")
            .Should().NotDependOnAny(Types().That().ResideInNamespaceMatching($"^{Regex.Escape(root)}$"))
            .Check(Parts.All);

    private static string Within(string root, params string[] namespaces) =>
        $@"^{Regex.Escape(root)}\.({string.Join('|', namespaces)})(\.|$)";
}
