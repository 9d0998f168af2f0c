using System.Text.Json.Nodes;
using Router.Cli.Management;

namespace Router.Cli.Configuration;

/// <summary>What a step does to its thing.</summary>
internal enum StepKind
{
    /// <summary>Adds it.</summary>
    Add,

    /// <summary>Changes it.</summary>
    Change,

    /// <summary>Deletes it.</summary>
    Delete,
}

/// <summary>A field that changes; of a secret neither value.</summary>
internal sealed record FieldChange(string Field, string? From, string? To);

/// <summary>A change of the router.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Thing"><c>site</c>, <c>destination</c>, <c>sender</c>, <c>person</c>, <c>product</c>, <c>integration</c>.</param>
/// <param name="Name">Which.</param>
/// <param name="Source">What the file says of it; null for what it doesn't name.</param>
/// <param name="Fields">What changes.</param>
/// <param name="Do">Does it.</param>
internal sealed record Step(
    StepKind Kind, string Thing, string Name, Wanted? Source, IReadOnlyList<FieldChange> Fields, Func<Invocation, Task> Do)
{
    /// <summary>Nothing else of the same site can be done without it.</summary>
    public bool ComesFirst { get; init; }

    /// <summary>A part of another step that has to wait: not counted.</summary>
    public bool IsPart { get; init; }

    /// <summary>For the place of a refusal.</summary>
    public Place? PlaceOf(RefusedException refused) => Source is null ? null
        : refused.Fields.Keys.FirstOrDefault() is not { } field ? Source.Place
        : Source.PlaceOf(field.StartsWith("lead_manager.", StringComparison.Ordinal) ? field["lead_manager.".Length..] : field);

    public JsonObject ToJson() => new()
    {
        ["action"] = Kind.ToString().ToLowerInvariant(), ["thing"] = Thing, ["name"] = Name, ["place"] = Source?.Place.ToString(),
        ["fields"] = new JsonArray([.. Fields.Select(field => new JsonObject
        {
            ["field"] = field.Field, ["from"] = field.From, ["to"] = field.To,
        })]),
    };
}
