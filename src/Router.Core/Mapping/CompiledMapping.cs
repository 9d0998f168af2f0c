using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Router.Core.Leads;

namespace Router.Core.Mapping;

/// <summary>
/// A mapping, ready to be used by many leads at a time. It holds texts: a template is compiled when a lead comes, and kept for a while, for
/// compiled it may take a hundred times the memory.
/// </summary>
public sealed class CompiledMapping
{
    // As deep as what is accepted, and what a template or a table puts around that.
    private const int Deepest = 256;

    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true, MaxDepth = Deepest };
    private static readonly JsonSerializerOptions Deep = new() { MaxDepth = Deepest };
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly BodyFormat _body;
    private readonly Dictionary<LeadAction, Func<JsonElement, MappingWork, JsonElement>> _actions;
    private readonly string? _problem;

    private CompiledMapping(
        BodyFormat body, Dictionary<LeadAction, Func<JsonElement, MappingWork, JsonElement>> actions, string? problem) =>
        (_body, _actions, _problem) = (body, actions, problem);

    /// <summary>The content type of its bodies.</summary>
    public MediaTypeHeaderValue ContentType { get; private init; } = new("application/json");

    /// <summary>Of a mapping that was checked.</summary>
    public static CompiledMapping Of(RequestMapping mapping) => new(
        mapping.Body, (mapping.Actions ?? new Dictionary<string, ActionMapping>())
            .ToDictionary(one => LeadActions.Parse(one.Key), one => Compile(one.Value)), problem: null)
    {
        ContentType = new(mapping.Body is BodyFormat.Form ? "application/x-www-form-urlencoded" : "application/json"),
    };

    /// <summary>
    /// Of a mapping as it is stored. One that this version can't read maps every action and fails at each: leads wait for whoever
    /// corrects it, and nothing is sent in the wrong format.
    /// </summary>
    public static CompiledMapping? Read(string? stored)
    {
        try
        {
            return RequestMapping.Parse(stored) is { IsEmpty: false } mapping ? Of(mapping) : null;
        }
        catch (Exception unreadable) when (unreadable is JsonException or MappingException)
        {
            return new CompiledMapping(BodyFormat.Json, [], "The mapping that is stored can't be read.");
        }
    }

    /// <summary>Whether events of this action are sent.</summary>
    public bool Maps(LeadAction action) => _problem is not null || _actions.ContainsKey(action);

    /// <summary>The body that the receiver gets.</summary>
    /// <param name="action">The event's action; one that is sent.</param>
    /// <param name="body">The event in our own format.</param>
    /// <param name="work">What counts for its bounds, together with others; null for this event alone.</param>
    /// <exception cref="MappingException">The mapping can't be applied to this event.</exception>
    public byte[] Apply(LeadAction action, ReadOnlyMemory<byte> body, MappingWork? work = null)
    {
        work ??= new MappingWork();
        var made = Make(action, body, work);
        return _body is BodyFormat.Form ? FormBody.Of(made, work) : Write(made);
    }

    /// <summary>What the mapping makes of an event, before it is encoded.</summary>
    /// <inheritdoc cref="Apply" path="/exception"/>
    public JsonElement Make(LeadAction action, ReadOnlyMemory<byte> body, MappingWork? work = null)
    {
        if (_problem is not null)
            throw new MappingException(_problem);

        try
        {
            using var document = new RawJson(body).ToDocument();
            return _actions[action](document.RootElement, work ?? new MappingWork());
        }
        catch (Exception failed) when (failed is not (MappingException or KeyNotFoundException))
        {
            // Whatever a lead provokes costs this delivery an attempt, which is recorded; and its text may quote the lead.
            throw new MappingException("The format can't be applied to what this message holds.");
        }
    }

    private static Func<JsonElement, MappingWork, JsonElement> Compile(ActionMapping mapping)
    {
        if (mapping.Fields is { } fields)
            return (lead, work) => JsonSerializer.SerializeToElement(FieldTable.Apply(fields, lead, work), Deep);

        var template = mapping.Template!;
        return (lead, work) => Parse(LiquidTemplate.Kept(template).Render(lead, work));
    }

    private static byte[] Write(JsonElement made)
    {
        using var stream = new MemoryStream();
        try
        {
            using var writer = new Utf8JsonWriter(stream, Plain);
            made.WriteTo(writer);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: legal JSON, and no text.
            throw new MappingException("The format makes a text that can't be written.");
        }

        return stream.ToArray();
    }

    private static JsonElement Parse(string made)
    {
        try
        {
            using var document = JsonDocument.Parse(made, Lenient);
            return document.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Array
                // Without its trailing commas, which templates can hardly avoid.
                ? JsonSerializer.Deserialize<JsonElement>(Write(document.RootElement), Deep)
                : throw new MappingException("The template makes neither a JSON object nor a list.");
        }
        catch (JsonException invalid)
        {
            // Where, but not what: its text quotes the lead.
            throw new MappingException($"The template makes no valid JSON: see line {invalid.LineNumber + 1} of what it makes.");
        }
    }
}
