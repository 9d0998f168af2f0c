using System.Text.Json;
using System.Text.Json.Serialization;
using Router.Core.Leads;

namespace Router.Core.Mapping;

/// <summary>How a receiver wants its bodies.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BodyFormat>))]
public enum BodyFormat
{
    /// <summary><c>application/json</c>.</summary>
    [JsonStringEnumMemberName("json")]
    Json,

    /// <summary><c>application/x-www-form-urlencoded</c>, made from one flat JSON object.</summary>
    [JsonStringEnumMemberName("form")]
    Form,
}

/// <summary>How our events become another system's requests.</summary>
/// <param name="Body">Their format; default JSON.</param>
/// <param name="Actions">By action. An action that isn't named isn't sent. None at all: our own format.</param>
/// <param name="Tests">Examples that hold, checked whenever the mapping is saved.</param>
public sealed record RequestMapping(
    BodyFormat Body = BodyFormat.Json, IReadOnlyDictionary<string, ActionMapping>? Actions = null,
    IReadOnlyList<MappingTest>? Tests = null)
{
    /// <summary>The most tests of a mapping.</summary>
    public const int MostTests = 20;

    /// <summary>The most characters of a mapping, stored.</summary>
    public const int Longest = 100_000;

    private static readonly JsonSerializerOptions Stored = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true,
    };

    /// <summary>Whether it maps nothing: then the receiver gets our own format.</summary>
    [JsonIgnore]
    public bool IsEmpty => Actions is not { Count: > 0 };

    /// <summary>What is wrong with it, as a sentence; null when nothing is. Its tests are run, too.</summary>
    [JsonIgnore]
    public string? Problem
    {
        get
        {
            if (IsEmpty)
                return null;

            foreach (var (action, mapped) in Actions!)
            {
                if (LeadActions.TryParse(action) is null)
                    return $"'{action}' is no action: {string.Join(", ", LeadActions.All.Select(LeadActions.Text))}.";
                if ((mapped is null ? "is empty." : mapped.Problem) is { } problem)
                    return $"The format of {action} {problem}";
            }

            return !Enum.IsDefined(Body) ? "The body is either json or form."
                : Tests?.Select(MappingTests.Problem).FirstOrDefault(wrong => wrong is not null) is { } test ? test
                : Tests is { Count: > MostTests } ? $"A format can have {MostTests} tests at most."
                : ToJson().Contains("\\u0000", StringComparison.Ordinal) ? "A format can't hold the character NUL."
                : ToJson().Length > Longest ? $"A format has {Longest:N0} characters at most, its tests included."
                : MappingTests.Problem(this);
        }
    }

    /// <summary>As it is stored; null for none.</summary>
    /// <exception cref="JsonException">It isn't one.</exception>
    public static RequestMapping? Parse(string? stored) =>
        stored is null ? null : JsonSerializer.Deserialize<RequestMapping>(stored, Stored);

    /// <summary>The same for writing.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Stored);
}
