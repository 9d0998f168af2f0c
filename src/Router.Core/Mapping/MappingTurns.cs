namespace Router.Core.Mapping;

/// <summary>
/// How many mappings are applied to leads at a time: one for each processor. More would not be done sooner, and each may hold all that a
/// lead of a megabyte says as objects, a hundred times as large. Whoever waits for a place blocks no thread.
/// </summary>
internal static class MappingTurns
{
    /// <summary>The places.</summary>
    public static readonly SemaphoreSlim Places = new(Environment.ProcessorCount);

    /// <summary>What one makes in its turn; null where that doesn't come in time.</summary>
    public static async ValueTask<T?> Take<T>(Func<T> make, TimeSpan patience, CancellationToken cancellationToken)
        where T : struct
    {
        if (!await Places.WaitAsync(patience, cancellationToken))
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
}
