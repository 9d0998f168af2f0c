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
/// <param name="Url">Where to POST.</param>
/// <param name="Secret">The key of its signatures, as UTF-8.</param>
/// <param name="PartnerId">Put into each body; may be empty.</param>
public sealed record Destination(Guid Id, string Kind, string Name, Uri Url, byte[] Secret, string PartnerId)
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
public sealed record SiteDestinations(Guid Id, string Domain, string? LoginUrlTemplate, IReadOnlyList<Destination> Active);
