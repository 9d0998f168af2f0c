using System.Collections.Concurrent;
using System.Diagnostics;

namespace Router.Core.Mapping;

/// <summary>
/// How many mappings are applied to leads at a time: one for each processor. More would not be done sooner, and each may hold all that a
/// lead of a megabyte says as objects, a hundred times as large. One site has half of the places at most, so that its leads, however
/// expensive, leave room for those of the others. Whoever waits for a place blocks no thread.
/// </summary>
internal static class MappingTurns
{
    /// <summary>The places.</summary>
    public static readonly SemaphoreSlim Places = new(Environment.ProcessorCount);

    /// <summary>Those of one site.</summary>
    public static readonly int MostOfSite = Math.Max(1, Environment.ProcessorCount / 2);

    private static readonly ConcurrentDictionary<Guid, SemaphoreSlim> OfSites = new();

    /// <summary>What one makes in its turn; null where that doesn't come in time.</summary>
    public static async ValueTask<T?> Take<T>(Guid site, Func<T> make, TimeSpan patience, CancellationToken cancellationToken)
        where T : struct
    {
        var asked = Stopwatch.GetTimestamp();
        var own = OfSites.GetOrAdd(site, _ => new SemaphoreSlim(MostOfSite));
        if (!await own.WaitAsync(patience, cancellationToken))
            return null;

        try
        {
            if (!await Places.WaitAsync(Rest(patience, Stopwatch.GetElapsedTime(asked)), cancellationToken))
                return null;

            try
            {
                return make();
            }
            finally
            {
                Places.Release();
            }
        }
        finally
        {
            own.Release();
        }
    }

    private static TimeSpan Rest(TimeSpan patience, TimeSpan waited) =>
        patience == Timeout.InfiniteTimeSpan ? patience : patience > waited ? patience - waited : TimeSpan.Zero;
}
