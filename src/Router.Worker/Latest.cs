namespace Router.Worker;

/// <summary>What was found out last. After a while without news nobody knows.</summary>
internal sealed class Latest<T>(TimeSpan keep, TimeProvider time)
    where T : notnull
{
    private Found? _found;

    public void Set(T value) => Volatile.Write(ref _found, new Found(value, time.GetTimestamp()));

    public void Forget() => Volatile.Write(ref _found, null);

    public bool TryGet([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T value)
    {
        if (Volatile.Read(ref _found) is { } found && time.GetElapsedTime(found.At) <= keep)
        {
            value = found.Value;
            return true;
        }

        value = default;
        return false;
    }

    private sealed record Found(T Value, long At);
}
