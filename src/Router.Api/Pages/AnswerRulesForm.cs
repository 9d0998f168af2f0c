using Router.Core.Mapping;

namespace Router.Api.Pages;

/// <summary>The form of rules about answers: a row each.</summary>
public sealed class AnswerRulesForm
{
    private const int Rows = 3;

    /// <summary>What each answer means.</summary>
    public string[] Means { get; set; } = [];

    /// <summary>Which statuses.</summary>
    public string[] Status { get; set; } = [];

    /// <summary>A field of the answer's JSON.</summary>
    public string[] Field { get; set; } = [];

    /// <summary>Its values, several with commas.</summary>
    public string[] Values { get; set; } = [];

    /// <summary>What people read.</summary>
    public string[] Reason { get; set; } = [];

    /// <summary>A field of the answer's JSON that says why.</summary>
    public string[] ReasonField { get; set; } = [];

    /// <summary>How many rows the form has.</summary>
    public int RowCount => Math.Min(AnswerRules.Most, Math.Max(Rows, Status.Length + 1));

    /// <summary>Shows what is stored.</summary>
    public void Show(IReadOnlyList<AnswerRule>? rules)
    {
        rules ??= [];
        Means = [.. rules.Select(rule => rule.Means?.ToString() ?? "")];
        Status = [.. rules.Select(rule => rule.Status ?? "")];
        Field = [.. rules.Select(rule => rule.Field ?? "")];
        Values = [.. rules.Select(rule => string.Join(", ", rule.Values ?? []))];
        Reason = [.. rules.Select(rule => rule.Reason ?? "")];
        ReasonField = [.. rules.Select(rule => rule.ReasonField ?? "")];
    }

    /// <summary>What was entered; rows without a status and a field are blank ones.</summary>
    public AnswerRule[] Entered() =>
    [
        .. Enumerable.Range(0, Status.Length).Where(at => (At(Status, at) ?? At(Field, at)) is not null).Select(at => new AnswerRule(
            Enum.TryParse<AnswerMeaning>(At(Means, at), out var means) ? means : AnswerMeaning.Failed, At(Status, at), At(Field, at),
            At(Values, at)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), At(Reason, at),
            At(ReasonField, at))),
    ];

    private static string? At(string[] values, int at) =>
        string.IsNullOrWhiteSpace(values.ElementAtOrDefault(at)) ? null : values[at].Trim();
}
