using System.Text.Json;

namespace Router.Benchmarks.Measuring;

/// <summary>
/// The side of a child process: orders come as lines of JSON on standard input, each is answered by a line on standard output.
/// </summary>
internal static class Orders
{
    /// <summary>Until standard input ends, as it does when the parent has died.</summary>
    public static async Task Serve<TOrder, TReply>(Func<TOrder, Task<TReply>> carryOut)
    {
        using var input = new StreamReader(Console.OpenStandardInput());
        while (await input.ReadLineAsync() is { } line)
            Console.WriteLine(JsonSerializer.Serialize(await carryOut(JsonSerializer.Deserialize<TOrder>(line)!)));
    }
}
