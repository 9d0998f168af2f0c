using System.Diagnostics;

namespace Router.Testing;

/// <summary>Waits for what must come; the limit is generous, for it only bounds a failure.</summary>
public static class Eventually
{
    public static async Task True(Func<Task<bool>> condition, string what, int seconds = 30)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > TimeSpan.FromSeconds(seconds))
                Assert.Fail($"After {seconds} s still not: {what}");
            await Task.Delay(50);
        }
    }

    public static Task True(Func<bool> condition, string what, int seconds = 30) => True(() => Task.FromResult(condition()), what, seconds);

    /// <summary>The value once it satisfies.</summary>
    public static async Task<T> Get<T>(Func<Task<T>> read, Func<T, bool> satisfies, string what, int seconds = 30)
    {
        T value = default!;
        await True(async () => satisfies(value = await read()), what, seconds);
        return value;
    }
}
