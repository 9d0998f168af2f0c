namespace Router.Core.Deliveries;

/// <summary>Places that are taken, never more at a time than whoever takes one allows.</summary>
internal sealed class TakenPlaces
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes one unless so many are taken; who has one must <see cref="Leave"/>.</summary>
    public bool TryTake(int limit)
    {
        for (int count; (count = Volatile.Read(ref _count)) < limit;)
        {
            if (Interlocked.CompareExchange(ref _count, count + 1, count) == count)
                return true;
        }

        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _count);
}
