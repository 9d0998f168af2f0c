// Each of them has the machine for itself.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Router.Chaos;

/// <summary>The failover of <c>tests/chaos.sh --cluster</c> alone, with one RabbitMQ node.</summary>
public sealed class ShortFailoverTests(ITestOutputHelper output)
{
    [Fact(Timeout = 15 * 60 * 1000)]
    public async Task Primary_OfPatroniDiesUnderLoad_NothingIsLost()
    {
        var report = await new FailoverRun(seed: 20261127, output.WriteLine).Execute();
        output.WriteLine(report.Text);
        Assert.Empty(report.Problems);
    }
}
