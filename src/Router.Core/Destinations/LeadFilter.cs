using System.Text.Json;
using System.Text.Json.Serialization;
using Router.Core.Leads;

namespace Router.Core.Destinations;

/// <summary>Which new leads a destination gets. What follows a lead goes where the lead went.</summary>
/// <param name="All">Whether all conditions must fit; otherwise one is enough.</param>
/// <param name="Conditions">One or more.</param>
public sealed record LeadFilter(bool All, IReadOnlyList<FilterCondition> Conditions)
{
    /// <summary>The most conditions of a destination.</summary>
    public const int Most = 10;

    private static readonly JsonSerializerOptions Stored = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>What is wrong with it, as a sentence; null when nothing is.</summary>
    [JsonIgnore]
    public string? Problem => Conditions.Count > Most ? $"A destination can have {Most} conditions at most."
        : Conditions.Select(condition => condition.Problem).FirstOrDefault(problem => problem is not null);

    /// <summary>As <c>destinations.filter</c> has it; null for none.</summary>
    public static LeadFilter? Parse(string? stored) =>
        stored is null ? null : JsonSerializer.Deserialize<LeadFilter>(stored, Stored);

    /// <summary>The same for writing.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Stored);

    /// <summary>Whether it must be known of a lead whether it is a duplicate.</summary>
    internal bool AsksForDuplicates => Conditions.Any(condition => condition.IsAboutDuplicates);

    /// <summary>Whether it takes a lead.</summary>
    /// <param name="lead">What came.</param>
    /// <param name="isDuplicate">Whether it is a duplicate; false where nobody knows.</param>
    public bool Takes(JsonElement lead, bool isDuplicate = false) => Takes(lead, isDuplicate, new FilterWork(JsonFields.Length(lead)));

    /// <summary>The same, as one of several filters. Where they have looked at too much together, it takes the lead.</summary>
    internal bool Takes(JsonElement lead, bool isDuplicate, FilterWork work) =>
        work.IsUsedUp
        || (All ? Conditions.All(condition => condition.Takes(lead, isDuplicate, work))
            : Conditions.Any(condition => condition.Takes(lead, isDuplicate, work)))
        || work.IsUsedUp;
}
