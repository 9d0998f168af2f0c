using System.Diagnostics;
using OpenTelemetry.Trace;
using Router.Core.Telemetry;

namespace Router.Hosting;

/// <summary>
/// Which leads have a trace: decided once, at the sender's request, and kept to by whoever has the lead in hand later. By chance rather
/// than by the trace's id, which the sender chooses.
/// </summary>
/// <param name="share">Of all requests, from 0 to 1.</param>
/// <param name="asSent">Whether a sender who has a trace himself decides.</param>
internal sealed class LeadSampler(double share, bool asSent) : Sampler
{
    private static readonly SamplingResult Yes = new(SamplingDecision.RecordAndSample);
    private static readonly SamplingResult No = new(SamplingDecision.Drop);

    /// <inheritdoc/>
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        // A statement in a request that isn't traced: what is there is ASP.NET's activity, with the sender's flag and tracestate.
        if (samplingParameters.Kind is not ActivityKind.Server && Activity.Current is { } current
            && !ReferenceEquals(current.Source, RouterTraces.Source) && !ReferenceEquals(current.Source, RouterTraces.Commits))
            return No;

        var parent = samplingParameters.ParentContext;
        var isDecided = samplingParameters.Kind is not ActivityKind.Server || (asSent && parent != default);
        return (isDecided ? parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) : Random.Shared.NextDouble() < share) ? Yes : No;
    }
}
