using System.Text.Json.Nodes;
using Router.Cli.Showing;

namespace Router.Cli.Configuration;

/// <summary>What is to be changed of one thing: the request, and what people read of it.</summary>
internal sealed class Difference
{
    private const int LongestShown = 70;

    /// <summary>For the API.</summary>
    public JsonObject Request { get; } = [];

    /// <summary>For people.</summary>
    public List<FieldChange> Fields { get; } = [];

    public bool IsEmpty => Fields.Count == 0;

    /// <param name="wanted">What the file says.</param>
    /// <param name="present">What the router has; null for nothing yet.</param>
    /// <param name="without">Fields that are dealt with otherwise.</param>
    public static Difference Of(Wanted wanted, JsonObject? present, params ReadOnlySpan<string> without)
    {
        var difference = new Difference();
        foreach (var (field, value) in wanted.Fields)
        {
            if (without.Contains(field) || (present is null && Canonical.IsUnset(field, value)))
                continue;
            if (present is null || !Canonical.AreSame(field, value, present[field]))
                difference.Set(field, present is null ? null : Show(field, present[field]), value);
        }

        return difference;
    }

    public void Set(string field, string? from, JsonNode? value)
    {
        Request[field] = value?.DeepClone();
        Fields.Add(new FieldChange(field, from, Show(field, value)));
    }

    /// <summary>A secret: nobody reads either.</summary>
    public void SetSecret(string field, bool isNew, JsonNode value)
    {
        Request[field] = value;
        Fields.Add(new FieldChange(field, isNew ? null : "(another one)", "(as the file says)"));
    }

    private static string Show(string field, JsonNode? value)
    {
        var text = Canonical.IsUnset(field, value) ? "(default)" : Plain.Value(value);
        return text.Length <= LongestShown ? text : $"{text[..LongestShown]}…";
    }
}
