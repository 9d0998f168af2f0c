using System.Text.Json;
using System.Text.Json.Nodes;
using Router.Api.Changes;
using Router.Core.Leads;
using Router.Core.Mapping;

namespace Router.Api.Pages;

/// <summary>The form of a mapping, for one action at a time: not sent, by a table, or by a template.</summary>
public sealed class MappingForm
{
    /// <summary>Rows of the table that the form has at least.</summary>
    private const int Rows = 8;

    /// <summary>Fields that most leads have.</summary>
    public static readonly IReadOnlyList<string> Fields =
    [
        "id", "first_name", "last_name", "email", "phone", "street_address", "city", "state", "zip", "role", "source", "source_details",
        "source_system", "notes", "tags", "timeframe", "urgency", "created", "partner_id", "site_uuid", "site_domain", "site_login_url",
        "activities.type", "activities.description", "activities.property.address", "activities.property.city",
        "activities.property.list_price", "activities.property.mls_number",
    ];

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The action that the form is about.</summary>
    public string Action { get; set; } = LeadAction.Created.Text();

    /// <summary>The same; a new lead where what was sent is no action.</summary>
    internal LeadAction Chosen => LeadActions.TryParse(Action) ?? LeadAction.Created;

    /// <summary><c>Json</c> or <c>Form</c>.</summary>
    public string? Body { get; set; }

    /// <summary><c>none</c>, <c>table</c> or <c>template</c>.</summary>
    public string? How { get; set; }

    /// <summary>The template.</summary>
    public string? Template { get; set; }

    /// <summary>The receiver's names, a row each.</summary>
    public string[] To { get; set; } = [];

    /// <summary>Our fields, several with commas.</summary>
    public string[] From { get; set; } = [];

    /// <summary>Constants.</summary>
    public string[] Value { get; set; } = [];

    /// <summary>What stands between joined fields; blanks at its ends count.</summary>
    public string[] Separator { get; set; } = [];

    /// <summary>What is sent where no field is there.</summary>
    public string[] Default { get; set; } = [];

    /// <summary>The whole mapping as JSON, where that is entered instead.</summary>
    public string? Json { get; set; }

    /// <summary>How many rows the table has: some blank ones behind those that are there.</summary>
    public int RowCount => Math.Min(ActionMapping.MostFields, Math.Max(Rows, To.Length + 3));

    /// <summary>Shows what is stored.</summary>
    public void Show(RequestMapping? mapping)
    {
        var shown = mapping?.Actions?.GetValueOrDefault(Action);
        Body = (mapping?.Body ?? BodyFormat.Json).ToString();
        How = shown?.Template is not null ? "template" : shown?.Fields is not null ? "table" : "none";
        Template = shown?.Template;
        var rows = shown?.Fields ?? [];
        To = [.. rows.Select(row => row.To)];
        From = [.. rows.Select(row => string.Join(", ", row.From ?? []))];
        Value = [.. rows.Select(row => row.Value ?? "")];
        Separator = [.. rows.Select(row => row.Separator)];
        Default = [.. rows.Select(row => row.Default ?? "")];
        Json = Write(mapping);
    }

    /// <summary>What was entered and would be lost, for it is to be made by neither; null when nothing is.</summary>
    public string? Forgotten(RequestMapping? stored) =>
        How is "table" or "template" || stored?.Actions?.ContainsKey(Action) is true
            || string.IsNullOrWhiteSpace(Template) && To.All(string.IsNullOrWhiteSpace) ? null
            : "Choose how it is made, by the table or by the template; or empty both.";

    /// <summary>What was entered for the action, with the rest as it is stored.</summary>
    public RequestMapping Entered(RequestMapping? stored)
    {
        var actions = new Dictionary<string, ActionMapping>(stored?.Actions ?? new Dictionary<string, ActionMapping>());
        actions.Remove(Action);
        if (How == "template")
            actions[Action] = new ActionMapping(Template?.ReplaceLineEndings("\n") ?? "");
        else if (How == "table")
            actions[Action] = new ActionMapping(Fields: [.. EnteredRows()]);
        return (stored ?? new RequestMapping()) with
        {
            Body = Body == nameof(BodyFormat.Form) ? BodyFormat.Form : BodyFormat.Json, Actions = actions,
            // A test of what isn't sent could only fail.
            Tests = stored?.Tests?.Where(test => actions.ContainsKey(test.Action)).ToArray(),
        };
    }

    /// <summary>The mapping that was entered as JSON, or why it is none.</summary>
    internal Change<RequestMapping> EnteredJson()
    {
        try
        {
            return string.IsNullOrWhiteSpace(Json) ? new RequestMapping() : RequestMapping.Parse(Json) ?? new RequestMapping();
        }
        catch (JsonException invalid)
        {
            // Not in the framework's words, which name our classes.
            var at = invalid.LineNumber is { } line ? $"Line {line + 1}" : "Something in it";
            return Refusal.Invalid($"This is no format. {at} is no JSON, or has another kind of value than belongs there.", "mapping");
        }
    }

    /// <summary>A mapping with one more test: what it makes of the sample now.</summary>
    /// <exception cref="MappingException">It can't be applied to the sample.</exception>
    internal RequestMapping WithTest(RequestMapping mapping)
    {
        var (_, body) = MappingSamples.Bodies("p-1").First(sample => sample.Action == Chosen);
        var made = CompiledMapping.Of(mapping).Make(Chosen, body);
        var tests = mapping.Tests ?? [];
        var name = $"the sample of {Action}";
        return mapping with
        {
            Tests = [.. tests.Where(test => test.Name != name),
                new MappingTest(name, Action, JsonSerializer.Deserialize<JsonElement>(body), made)],
        };
    }

    /// <summary>A mapping as people read it.</summary>
    internal static string Write(RequestMapping? mapping) => mapping is null ? "" : Indent(mapping.ToJson());

    /// <summary>JSON as people read it.</summary>
    internal static string Indent(string json) => JsonNode.Parse(json)!.ToJsonString(Indented);

    private IEnumerable<FieldMapping> EnteredRows()
    {
        for (var at = 0; at < To.Length; at++)
        {
            var (to, from, value) = (At(To, at).Trim(), At(From, at), At(Value, at));
            if (to.Length == 0 && from.Trim().Length == 0 && value.Length == 0)
                continue;

            var fields = from.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var separator = At(Separator, at);
            var fallback = At(Default, at);
            yield return new FieldMapping(
                to, fields.Length == 0 ? null : fields, value.Length == 0 ? null : value, separator.Length == 0 ? " " : separator,
                fallback.Length == 0 ? null : fallback);
        }
    }

    private static string At(string[] values, int at) => values.ElementAtOrDefault(at) ?? "";
}
