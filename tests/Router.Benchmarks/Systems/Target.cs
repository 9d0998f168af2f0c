using Router.Benchmarks.Driving;
using Router.Benchmarks.Measuring;

namespace Router.Benchmarks.Systems;

/// <summary>What leads are sent through: the router or the floor.</summary>
internal abstract class Target : IAsyncDisposable
{
    public abstract string Name { get; }

    /// <summary>Where it takes leads, on 127.0.0.1.</summary>
    public abstract int Port { get; }

    public abstract IReadOnlyList<Sender> Senders { get; }

    public abstract IReadOnlyList<MeasuredProcess> Processes { get; }

    public abstract ValueTask DisposeAsync();
}
