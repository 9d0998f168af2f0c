using System.Text.Json.Serialization;

namespace Router.Core.Mapping;

/// <summary>What the receiver gets of one action: by a template or by a table.</summary>
/// <param name="Template">A Liquid template that makes JSON; our event's fields are its variables.</param>
/// <param name="Fields">Instead: a table of renames, constants and joins.</param>
public sealed record ActionMapping(string? Template = null, IReadOnlyList<FieldMapping>? Fields = null)
{
    /// <summary>The most characters of a template.</summary>
    public const int LongestTemplate = 20_000;

    /// <summary>The most rows of a table.</summary>
    public const int MostFields = 100;

    /// <summary>Why it can't be, as a sentence; null when it can.</summary>
    [JsonIgnore]
    public string? Problem
    {
        get
        {
            if (string.IsNullOrWhiteSpace(Template) == (Fields is not { Count: > 0 }))
                return "needs either a template or fields.";
            if (Template is not null)
            {
                return Template.Length > LongestTemplate ? $"has a template of more than {LongestTemplate:N0} characters."
                    : LiquidTemplate.Problem(Template);
            }

            return Fields!.Count > MostFields ? $"has more than {MostFields} fields."
                : Fields.Select(row => row is null ? "A row is empty." : row.Problem).FirstOrDefault(problem => problem is not null)
                    is { } problem ? $"can't be applied. {problem}" : null;
        }
    }
}
