using System.Text.Json;
using System.Text.Json.Serialization;

namespace Router.Core.Mapping;

/// <summary>What a receiver means by its answers, in order.</summary>
public sealed class AnswerRules
{
    /// <summary>The most rules of a destination.</summary>
    public const int Most = 20;

    private static readonly JsonSerializerOptions Stored = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    private readonly (AnswerRule Rule, HashSet<string>? Values)[] _rules;

    private AnswerRules(IReadOnlyList<AnswerRule> rules)
    {
        _rules = [.. rules.Select(rule => (rule, rule.ValuesToFind()))];
        ReadsBody = rules.Any(rule => rule.ReadsBody);
    }

    /// <summary>Whether the bodies of answers matter: then an attempt waits for them.</summary>
    public bool ReadsBody { get; }

    /// <summary>What is wrong with rules, as a sentence; null when nothing is.</summary>
    public static string? Problem(IReadOnlyList<AnswerRule> rules) =>
        ToJson(rules)?.Contains("\\u0000", StringComparison.Ordinal) is true ? "A rule can't hold the character NUL."
        : rules.Count > Most ? $"There can be {Most} rules at most."
        : rules.Select(rule => rule is null ? "A rule is empty." : rule.Problem).FirstOrDefault(problem => problem is not null);

    /// <summary>As they are stored; null for none. What can't be read has no rules: answers keep their usual meaning.</summary>
    public static AnswerRules? Read(string? stored) => Parse(stored) is { Count: > 0 } rules ? new AnswerRules(rules) : null;

    /// <summary>The rules as a list, as they are stored; null for none.</summary>
    public static IReadOnlyList<AnswerRule>? Parse(string? stored)
    {
        try
        {
            return stored is null ? null : JsonSerializer.Deserialize<AnswerRule[]>(stored, Stored);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The same for writing; null for none.</summary>
    public static string? ToJson(IReadOnlyList<AnswerRule> rules) => rules.Count == 0 ? null : JsonSerializer.Serialize(rules, Stored);

    /// <summary>What an answer means, and what people read of it; null where no rule fits.</summary>
    /// <param name="status">Its status.</param>
    /// <param name="body">Its body, as far as it is kept; only JSON that is whole can be looked into.</param>
    public (AnswerMeaning Means, string? Reason)? Of(int status, ReadOnlyMemory<byte> body)
    {
        using var document = ReadsBody ? TryParse(body) : null;
        foreach (var (rule, values) in _rules)
        {
            if (rule.Fits(status, document?.RootElement, values))
                return (rule.Means!.Value, rule.ReasonOf(document?.RootElement));
        }

        return null;
    }

    private static JsonDocument? TryParse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
