namespace Router.Chaos;

/// <summary>Each kind of fault once, in an order that stays; <c>tests/chaos.sh</c> goes on for longer.</summary>
public sealed class ShortRunTests(ITestOutputHelper output)
{
    [Fact(Timeout = 15 * 60 * 1000)]
    public async Task Everything_DiesOnceUnderLoad_NothingIsLost()
    {
        var report = await new ChaosRun(seed: 20261122, seconds: 90, isShort: true, output.WriteLine).Execute();
        output.WriteLine(report.Text);
        Assert.Empty(report.Problems);
        Assert.Equal(FaultKind.All.Select(kind => kind.Fault).Order(), report.Faults.Select(fault => fault.Kind.Fault).Order());
    }
}
