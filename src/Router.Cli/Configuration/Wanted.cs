using System.Text.Json.Nodes;

namespace Router.Cli.Configuration;

/// <summary>What a file says of one thing.</summary>
/// <param name="Place">Where it begins.</param>
internal sealed record Wanted(Place Place)
{
    /// <summary>Its fields but for secrets, as the API takes them; what the file doesn't name isn't there.</summary>
    public JsonObject Fields { get; } = [];

    /// <summary>Where each field is, by path.</summary>
    public Dictionary<string, Place> Places { get; } = new(StringComparer.Ordinal);

    /// <summary>Its secrets by path: <c>secret</c>, <c>headers.X-Api-Key</c>, <c>oauth.client_secret</c>.</summary>
    public Dictionary<string, SecretReference> Secrets { get; } = new(StringComparer.Ordinal);

    /// <summary>A text of it; null where the file doesn't name it.</summary>
    public string? Text(string field) => Fields[field]?.ToString();

    /// <summary>Where a field is that the API speaks of.</summary>
    public Place PlaceOf(string field)
    {
        for (var path = field; ; path = path[..path.LastIndexOf('.')])
        {
            if (Places.TryGetValue(path, out var place))
                return place;
            if (!path.Contains('.', StringComparison.Ordinal))
                return Place;
        }
    }
}

/// <summary>A site with all that is its own.</summary>
/// <param name="Self">The site.</param>
/// <param name="Id">Its id.</param>
/// <param name="LeadManager">Null where the file doesn't speak of it.</param>
/// <param name="Destinations">Likewise.</param>
/// <param name="Senders">Usernames of products that may send for it; likewise.</param>
/// <param name="People">E-mail and role; likewise.</param>
internal sealed record WantedSite(
    Wanted Self, Guid Id, Wanted? LeadManager, IReadOnlyList<Wanted>? Destinations, IReadOnlyList<(string Username, Place Place)>? Senders,
    IReadOnlyList<(string Email, string Role, Place Place)>? People)
{
    public string Name => Self.Text("name") ?? Id.ToString();
}

/// <summary>All that the files say.</summary>
internal sealed class WantedAll
{
    public List<WantedSite> Sites { get; } = [];

    public List<Wanted> Products { get; } = [];

    public List<Wanted> Integrations { get; } = [];
}
