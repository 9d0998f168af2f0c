namespace Router.Core.Destinations;

/// <summary>What a destination is.</summary>
public static class DestinationKinds
{
    /// <summary>The site's CRM: always there, always active.</summary>
    public const string LeadManager = "lead_manager";

    /// <summary>Connected from the catalogue of integrations.</summary>
    public const string Registered = "registered";

    /// <summary>A custom API of the site's owner.</summary>
    public const string Custom = "custom";
}

/// <summary>Where a site's leads go.</summary>
/// <param name="Id">Its id, also after a change of name or URL.</param>
/// <param name="Kind">One of <see cref="DestinationKinds"/>.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Url">Where to POST; null when what is stored is no URL, so that only this destination fails.</param>
/// <param name="PartnerId">Put into each body; may be empty.</param>
/// <param name="Signing">How its requests are signed.</param>
/// <param name="MaxInFlight">Requests in flight from each worker; null for the default.</param>
/// <param name="IsPaused">Whether its deliveries are held rather than sent.</param>
public sealed record Destination(Guid Id, string Kind, string Name, Uri? Url, string PartnerId, Signing Signing, int? MaxInFlight = null, bool IsPaused = false)
{
    /// <summary>Whether this is the site's Lead Manager.</summary>
    public bool IsLeadManager => Kind == DestinationKinds.LeadManager;

    /// <summary>Never the secret.</summary>
    public override string ToString() => $"{Kind} {Id}";
}

/// <summary>A site with its active destinations, as one consistent reading.</summary>
/// <param name="Id">The site.</param>
/// <param name="Domain">For <c>site_domain</c>.</param>
/// <param name="LoginUrlTemplate">For <c>site_login_url</c>; null when the site has none.</param>
/// <param name="Active">The destinations that get leads, Lead Manager first.</param>
public sealed record SiteDestinations(Guid Id, string Domain, string? LoginUrlTemplate, IReadOnlyList<Destination> Active)
{
    /// <summary>The active destination of that id, or null.</summary>
    public Destination? Find(Guid id) => Active.FirstOrDefault(destination => destination.Id == id);

    /// <summary>
    /// The active destinations that a sender chose by name or id, Lead Manager always among them, and the choices that name none.
    /// </summary>
    /// <param name="chosen">Null for all of them.</param>
    public (IReadOnlyList<Destination> Destinations, string[]? Unknown) Choose(IReadOnlyList<string>? chosen)
    {
        if (chosen is null)
            return (Active, null);

        var unknown = chosen.Where(choice => !Active.Any(destination => Matches(destination, choice))).ToArray();
        return (
            [.. Active.Where(destination => destination.IsLeadManager || chosen.Any(choice => Matches(destination, choice)))],
            unknown.Length == 0 ? null : unknown);
    }

    private static bool Matches(Destination destination, string choice) =>
        string.Equals(destination.Name, choice, StringComparison.OrdinalIgnoreCase)
        || Guid.TryParse(choice, out var id) && destination.Id == id;
}
