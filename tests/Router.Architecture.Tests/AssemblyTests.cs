using ArchUnitNET.xUnitV3;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;

namespace Router.Architecture.Tests;

/// <summary>Router.Api → Router.Core ← Router.Worker, and Router.Hosting between the hosts and Core.</summary>
public sealed class AssemblyTests
{
    public static TheoryData<Assembly, Assembly[]> Unknown => new()
    {
        { Parts.Core, [Parts.Hosting, Parts.Api, Parts.Worker] },
        { Parts.Hosting, [Parts.Api, Parts.Worker] },
        { Parts.Api, [Parts.Worker] },
        { Parts.Worker, [Parts.Api] },
        { Parts.CommandLine, [Parts.Api, Parts.Worker] },
    };

    [Theory]
    [MemberData(nameof(Unknown))]
    public void Assembly_OfOurs_DoesNotKnow(Assembly assembly, Assembly[] others) =>
        Types().That().ResideInAssembly(assembly).Should().NotDependOnAny(Types().That().ResideInAssembly(others[0], others[1..]))
            .Because("API and worker meet only over RabbitMQ and Postgres, and what they share knows neither")
            .Check(Parts.All);

    [Fact]
    public void Core_KnowsNoHost() =>
        Types().That().ResideInAssembly(Parts.Core).Should()
            .NotDependOnAny(Types(includeReferenced: true).That()
                .ResideInNamespaceMatching(@"^(MassTransit|Microsoft\.AspNetCore|Serilog)(\.|$)"))
            .Because("how messages, requests and the log come and go is the hosts' business")
            .Check(Parts.All);

    [Fact]
    public void CommandLine_KnowsTheApiOverHttpOnly() =>
        Types().That().ResideInAssembly(Parts.CommandLine).And().DoNotResideInNamespace("Router.Cli.Diagnosis")
            .Should().NotDependOnAny(Types().That().ResideInAssembly(Parts.Core, Parts.Hosting))
            .Because("it works for a router of another version, too; only doctor looks at what hosts of this machine have")
            .Check(Parts.All);
}
