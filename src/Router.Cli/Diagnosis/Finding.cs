using System.Text.Json.Nodes;

namespace Router.Cli.Diagnosis;

/// <summary>How bad it is.</summary>
internal enum Gravity
{
    /// <summary>As it should be.</summary>
    Fine,

    /// <summary>It works, and somebody should know.</summary>
    Warning,

    /// <summary>It doesn't work, or won't.</summary>
    Problem,
}

/// <summary>Something that was looked at.</summary>
/// <param name="Gravity">How bad it is.</param>
/// <param name="Subject">What was looked at: <c>database</c>.</param>
/// <param name="What">How it is, in a sentence.</param>
/// <param name="ToDo">What to do about it; null for nothing.</param>
internal sealed record Finding(Gravity Gravity, string Subject, string What, string? ToDo = null)
{
    public JsonObject ToJson() => new()
    {
        ["gravity"] = Gravity.ToString().ToLowerInvariant(), ["subject"] = Subject, ["what"] = What, ["to_do"] = ToDo,
    };
}
