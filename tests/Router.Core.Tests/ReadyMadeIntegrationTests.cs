using Router.Core.Mapping;

namespace Router.Core.Tests;

public sealed class ReadyMadeIntegrationTests
{
    public static TheoryData<string> Names => new(ReadyMadeIntegration.All.Keys);

    [Fact]
    public void ReadyMade_AreTheTwoThatTheDocsName() =>
        Assert.Equal(["follow_up_boss", "salesforce_web_to_lead"], ReadyMadeIntegration.All.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void ReadyMade_HoldsItsOwnTests(string name)
    {
        var integration = ReadyMadeIntegration.All[name];
        Assert.Null(integration.Mapping!.Problem);
        Assert.Null(MappingSamples.Problem(integration.Mapping));
        Assert.NotEmpty(integration.Mapping.Tests!);
        Assert.Null(AnswerRules.Problem(integration.AnswerRules ?? []));
    }
}
