using System.Text;
using System.Text.Json;
using Router.Core.Leads;

namespace Router.Core.Mapping;

/// <summary>An example of a mapping: what becomes of an event.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Action">The event's action.</param>
/// <param name="Event">The event as receivers of our own format get it.</param>
/// <param name="Expected">The JSON that the mapping makes of it; of a form, before it is encoded.</param>
public sealed record MappingTest(string Name, string Action, JsonElement Event, JsonElement Expected);

/// <summary>Runs a mapping's own tests.</summary>
internal static class MappingTests
{
    /// <summary>What the first failing test says; null when all hold.</summary>
    public static string? Problem(RequestMapping mapping)
    {
        var compiled = CompiledMapping.Of(mapping);
        // Of all together: whoever saves it waits for them, and so does everybody else on this host.
        var work = new MappingWork();
        foreach (var test in mapping.Tests ?? [])
        {
            if (LeadActions.TryParse(test.Action) is not { } action || !compiled.Maps(action))
                return $"The test '{test.Name}' is about {test.Action}, which isn't sent.";

            try
            {
                var made = compiled.Make(action, Encoding.UTF8.GetBytes(test.Event.GetRawText()), work);
                if (ComparableJson.Problem(made) is { } problem)
                    return $"The test '{test.Name}' fails: the format makes {problem}.";
                if (!JsonElement.DeepEquals(made, test.Expected))
                    return $"The test '{test.Name}' fails: the format makes {Cut(made.GetRawText())}";
            }
            catch (MappingException failed)
            {
                return $"The test '{test.Name}' fails: {failed.Message}";
            }
        }

        return null;
    }

    /// <summary>Why a test can't be kept, as a sentence; null when it can.</summary>
    public static string? Problem(MappingTest test) =>
        test is not { Name.Length: > 0, Action: not null, Event.ValueKind: JsonValueKind.Object }
            || test.Expected.ValueKind is JsonValueKind.Undefined
            ? "A test needs a name, an action, an event and what is expected of it."
        : ComparableJson.Problem(test.Expected) is { } unclear ? $"The test '{test.Name}' expects {unclear}."
        : ComparableJson.HalfCharacter(test.Event) is { } half ? $"The event of the test '{test.Name}' has {half}."
        : null;

    private static string Cut(string text) => text.Length > 1000 ? $"{text[..1000]} …" : text;
}
