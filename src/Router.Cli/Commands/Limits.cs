using System.CommandLine;
using System.Text.Json.Nodes;

namespace Router.Cli.Commands;

/// <summary>How much of a list is wanted.</summary>
internal static class Limits
{
    public static Option<int> Option() => new("--limit", "-n")
    {
        Description = "How many at most; 0 for all.", HelpName = "N", DefaultValueFactory = _ => 50,
        Validators =
        {
            result =>
            {
                if (result.GetValueOrDefault<int>() < 0)
                    result.AddError("--limit must be 0 or more.");
            },
        },
    };

    /// <summary>Reads it to its end.</summary>
    public static async Task<List<JsonObject>> ToList(this IAsyncEnumerable<JsonObject> items)
    {
        var all = new List<JsonObject>();
        await foreach (var item in items)
            all.Add(item);
        return all;
    }

    /// <summary>As one array.</summary>
    public static JsonArray AsJson(this IEnumerable<JsonObject> items) => new([.. items.Select(item => item.DeepClone())]);
}
