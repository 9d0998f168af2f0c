using System.Diagnostics;
using Router.Core.Telemetry;

namespace Router.Core.Tests;

/// <summary>
/// What a trace costs where nobody asks for one, and what counts as one of a sender's. One at a time: listeners are everybody's.
/// </summary>
[Collection(nameof(RouterTracesTests))]
[CollectionDefinition(nameof(RouterTracesTests), DisableParallelization = true)]
public sealed class RouterTracesTests
{
    private const string Valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    [Fact]
    public void Steps_WithoutAListener_AllocateNothing()
    {
        using var foreign = new Activity("somebody's").Start();
        long Allocated()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
            {
                using var span = RouterTraces.Begin("plan");
                if (span is not null || RouterTraces.TraceParent is not null || RouterTraces.Of(Valid) != default)
                    return -1;
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Allocated();
        Assert.Equal(0, Allocated());
    }

    [Theory]
    [InlineData(Valid, true)]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true)]
    [InlineData("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false)]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false)]
    [InlineData("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false)]
    [InlineData("00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01", false)]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", false)]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void TraceParent_OfASender_CountsIfItIsOne(string? said, bool counts)
    {
        using var listener = Listen();
        Assert.Equal(counts, RouterTraces.Of(said) != default);
    }

    [Fact]
    public void Step_OutsideOfATrace_BeginsNone()
    {
        using var listener = Listen();
        Assert.Null(RouterTraces.Begin("plan"));
        using var foreign = new Activity("somebody's") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();
        Assert.Null(RouterTraces.Begin("plan"));
        using var ours = RouterTraces.Continue("process", ActivityKind.Consumer, RouterTraces.Of(Valid));
        using var step = RouterTraces.Begin("plan");
        Assert.Equal(("4bf92f3577b34da6a3ce929d0e0e4736", ours!.SpanId), (step!.TraceId.ToHexString(), step.ParentSpanId));
    }

    private static ActivityListener Listen()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RouterTraces.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
