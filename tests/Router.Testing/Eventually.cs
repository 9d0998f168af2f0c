using System.Diagnostics;

namespace Router.Testing;

/// <summary>Waits for what must come. The limit only bounds a failure, and is generous: the machine may be busy.</summary>
public static class Eventually
{
    private const int Patience = 60;

    public static Task True(Func<Task<bool>> condition, string what, int seconds = Patience) => True(condition, () => what, seconds);

    public static Task True(Func<bool> condition, string what, int seconds = Patience) =>
        True(() => Task.FromResult(condition()), () => what, seconds);

    /// <summary>The value once it satisfies.</summary>
    public static async Task<T> Get<T>(Func<Task<T>> read, Func<T, bool> satisfies, string what, int seconds = Patience)
    {
        T value = default!;
        await True(async () => satisfies(value = await read()), what, seconds);
        return value;
    }

    /// <summary>A failure tells the last value.</summary>
    public static async Task Equal<T>(T expected, Func<Task<T>> read, string what, int seconds = Patience)
    {
        T value = default!;
        await True(
            async () => EqualityComparer<T>.Default.Equals(value = await read(), expected), () => $"{what} ({value}, not {expected})",
            seconds);
    }

    private static async Task True(Func<Task<bool>> condition, Func<string> what, int seconds)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > TimeSpan.FromSeconds(seconds))
                Assert.Fail($"After {seconds} s still not: {what()}");
            await Task.Delay(50);
        }
    }
}
