using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Router.Core.Leads;

namespace Router.Core.Mapping;

/// <summary>What an answer means.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AnswerMeaning>))]
public enum AnswerMeaning
{
    /// <summary>The receiver took it.</summary>
    [JsonStringEnumMemberName("delivered")]
    Delivered,

    /// <summary>The receiver doesn't want this one: never retried, not a failure.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,

    /// <summary>It failed, and is tried again.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}

/// <summary>
/// A rule about a receiver's answers. The first one that fits an answer counts; answers that none fits keep their usual meaning.
/// </summary>
/// <param name="Means">What such an answer means.</param>
/// <param name="Status">Which statuses: <c>204</c>, <c>2xx</c> or <c>200-299</c>; null for any.</param>
/// <param name="Field">
/// A field of the answer's JSON, by path: <c>errors.code</c>; of a list one of its first 100 items. Null for no matter what the body says.
/// </param>
/// <param name="Values">The field is one of these, whatever the case; none: it is there and not blank.</param>
/// <param name="Reason">What people read of it.</param>
/// <param name="ReasonField">A field of the answer's JSON that says why; shown behind the reason.</param>
public sealed partial record AnswerRule(
    AnswerMeaning? Means = null, string? Status = null, string? Field = null, IReadOnlyList<string>? Values = null, string? Reason = null,
    string? ReasonField = null)
{
    private const int LongestReason = 200;

    // Of a list in an answer. Twenty rules look at each answer, and a receiver may answer with thousands of items.
    private const int MostItems = 100;

    /// <summary>Why it can't be, as a sentence; null when it can.</summary>
    [JsonIgnore]
    public string? Problem =>
        Means is null || !Enum.IsDefined(Means.Value) ? "A rule says what the answer means: delivered, refused or failed."
        : Status is null && Field is null ? "A rule needs a status, a field of the answer, or both."
        : Status is not null && Range(Status) is null ? $"'{Status}' is no status: write 204, 2xx or 200-299."
        : new[] { Field, ReasonField }.FirstOrDefault(path => path is not null && !JsonFields.IsPath(path)) is { } wrong
            ? $"'{wrong}' is no field of JSON, for example success or errors.code."
        : Values is { Count: > 0 } && Field is null ? "A rule with values needs the field that they stand in."
        : Values is { Count: > 20 } || Values?.Any(value => string.IsNullOrWhiteSpace(value) || value.Length > LongestReason) is true
            ? $"A rule has 20 values of {LongestReason} characters at most."
        : Reason?.Length > LongestReason ? $"A reason has {LongestReason} characters at most."
        : Means is AnswerMeaning.Refused && string.IsNullOrWhiteSpace(Reason) && ReasonField is null
            ? "A rule that refuses needs a reason: it is what people read."
        : null;

    /// <summary>Whether the answer's body matters.</summary>
    internal bool ReadsBody => Field is not null || ReasonField is not null;

    /// <summary>Whether it fits an answer.</summary>
    /// <param name="status">The answer's.</param>
    /// <param name="body">The answer's; null where it is no JSON.</param>
    /// <param name="values"><see cref="ValuesToFind"/>.</param>
    internal bool Fits(int status, JsonElement? body, HashSet<string>? values)
    {
        if (Status is not null && !(Range(Status) is { } range && status >= range.From && status <= range.To))
            return false;
        if (Field is null)
            return true;
        if (body is not { } json)
            return false;

        var texts = JsonFields.Texts(json, Field.Split('.'), MostItems);
        return values is null ? texts.Any() : texts.Any(values.Contains);
    }

    /// <summary>The values, made ready once for all answers; null for any.</summary>
    internal HashSet<string>? ValuesToFind() =>
        Values is { Count: > 0 } ? Values.Select(value => value.Trim()).ToHashSet(StringComparer.OrdinalIgnoreCase) : null;

    /// <summary>What people read; null when the rule says nothing.</summary>
    internal string? ReasonOf(JsonElement? body)
    {
        var said = ReasonField is not null && body is { } json
            ? JsonFields.Texts(json, ReasonField.Split('.'), MostItems).FirstOrDefault() : null;
        if (said?.Length > LongestReason)
            said = $"{said[..LongestReason]} …";
        return string.IsNullOrWhiteSpace(Reason) ? said : said is null ? Reason : $"{Reason.TrimEnd('.', ':')}: {said}";
    }

    private static (int From, int To)? Range(string status) =>
        StatusPattern().IsMatch(status)
            ? status.EndsWith("xx", StringComparison.Ordinal) ? (100 * (status[0] - '0'), 100 * (status[0] - '0') + 99)
                : (Number(status[..3]), Number(status[^3..]))
            : null;

    private static int Number(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?:[1-9]xx|[1-9][0-9]{2}(?:-[1-9][0-9]{2})?)$", RegexOptions.NonBacktracking)]
    private static partial Regex StatusPattern();
}
