using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Router.Core.Mapping;

/// <summary>
/// An integration that comes with the router, made from its maker's public documentation: an operator adds it to the catalogue and
/// completes what only they know. Each is a file in the folder ReadyMade.
/// </summary>
/// <param name="Name">What the card says.</param>
/// <param name="Description">What it does for a site.</param>
/// <param name="Documentation">The page that it was made from.</param>
/// <param name="Url">Where leads are POSTed.</param>
/// <param name="PartnerIdLabel">What its maker calls the Partner ID; empty for none.</param>
/// <param name="PartnerIdHelp">Where a site's owner finds it.</param>
/// <param name="KeyLabel">What its maker calls the secret that a site's owner pastes; null for none.</param>
/// <param name="KeyHelp">Where a site's owner finds it.</param>
/// <param name="KeyHeader">The header that carries it.</param>
/// <param name="KeyScheme">How.</param>
/// <param name="Headers">Headers that the operator must complete, each with what to enter.</param>
/// <param name="Mapping">How our events become its requests.</param>
/// <param name="AnswerRules">What its answers mean.</param>
public sealed record ReadyMadeIntegration(
    string Name, string Description, string Documentation, string Url, string PartnerIdLabel = "", string PartnerIdHelp = "",
    string? KeyLabel = null, string? KeyHelp = null, string? KeyHeader = null, string? KeyScheme = null,
    IReadOnlyDictionary<string, string>? Headers = null, RequestMapping? Mapping = null, AnswerRule[]? AnswerRules = null)
{
    private const string Folder = "Router.Core.Mapping.ReadyMade.";

    private static readonly JsonSerializerOptions Stored = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    private static readonly Lazy<IReadOnlyDictionary<string, ReadyMadeIntegration>> Files = new(() =>
        typeof(ReadyMadeIntegration).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .ToDictionary(name => name[Folder.Length..^".json".Length], Read, StringComparer.Ordinal));

    /// <summary>All of them, by id.</summary>
    public static IReadOnlyDictionary<string, ReadyMadeIntegration> All => Files.Value;

    private static ReadyMadeIntegration Read(string name)
    {
        using var file = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        return JsonSerializer.Deserialize<ReadyMadeIntegration>(file, Stored)!;
    }
}
