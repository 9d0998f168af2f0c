using System.ComponentModel.DataAnnotations;

namespace Router.Core.Destinations;

/// <summary>
/// Section <c>Network</c>: where requests may go besides https on the public internet, and where they come from. The same in API and
/// workers.
/// </summary>
public sealed class NetworkOptions : IValidatableObject
{
    private const int MostAddresses = 100;

    /// <summary>
    /// Exceptions, separated by commas: host names (<c>crm.office.test</c>, or <c>*.office.test</c> for every name
    /// under it; trusted with whatever address they have), addresses (<c>127.0.0.1</c>) and networks
    /// (<c>10.1.0.0/16</c>; for whatever name has an address in it). Each for all ports, or with a port or a range of
    /// them (<c>127.0.0.1:9000</c>, <c>*.office.test:8000-8999</c>, <c>[fd00::/8]:443</c>) for those only. A URL that
    /// itself names one of them may be plain http and have any port that is allowed there. Default none.
    /// </summary>
    public string Allow { get; set; } = "";

    /// <summary>
    /// The sites whose owners may enter what <see cref="Allow"/> holds: their ids, separated by commas. The owners of all others reach
    /// public addresses only; what operators enter, Lead Manager and the catalogue, is allowed at every site. Default none: all sites.
    /// </summary>
    public string AllowSites { get; set; } = "";

    /// <summary>
    /// Where no request goes, whatever <see cref="Allow"/> says: hosts, addresses and networks as there, with or without
    /// ports. For what is public and yet yours, such as this router's own addresses. Default none.
    /// </summary>
    public string Deny { get; set; } = "";

    /// <summary>
    /// Ports, and ranges of them, that all other URLs may have, separated by commas. Default
    /// <c>80,443,1024-65535</c>.
    /// </summary>
    [Required]
    public string Ports { get; set; } = "80,443,1024-65535";

    /// <summary>
    /// The addresses (<c>203.0.113.7</c>) and networks (<c>203.0.113.0/28</c>) that requests come from, separated by commas, 100 at most.
    /// They change nothing about where requests come from: pages and API show them to owners, who may allow them in a firewall. Default
    /// none: nothing is shown.
    /// </summary>
    public string OutgoingAddresses { get; set; } = "";

    /// <summary>Each of <see cref="AllowSites"/>.</summary>
    internal IReadOnlyList<string> AllowSiteList =>
        AllowSites.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Each of <see cref="OutgoingAddresses"/>, as it is written.</summary>
    public IReadOnlyList<string> OutgoingAddressList =>
        OutgoingAddresses.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var entry in new HostPatterns(Allow).Wrong)
            yield return new ValidationResult($"'{entry}' is {HostPatterns.Rule}", [nameof(Allow)]);
        foreach (var entry in AllowSiteList.Where(entry => !Guid.TryParse(entry, out _)))
            yield return new ValidationResult($"Network:AllowSites: '{entry}' is no site's id.", [nameof(AllowSites)]);
        foreach (var entry in new HostPatterns(Deny).Wrong)
            yield return new ValidationResult($"'{entry}' is {HostPatterns.Rule}", [nameof(Deny)]);
        foreach (var entry in new PortRanges(Ports).Wrong)
            yield return new ValidationResult($"'{entry}' is no port and no range such as 1024-65535.", [nameof(Ports)]);
        foreach (var entry in OutgoingAddressList.Where(entry => HostPatterns.Network(entry) is null))
            yield return new ValidationResult(
                $"Network:OutgoingAddresses: '{entry}' is no address and no network that is written in full, such as 203.0.113.0/28.",
                [nameof(OutgoingAddresses)]);
        if (OutgoingAddressList.Count > MostAddresses)
            yield return new ValidationResult(
                $"Network:OutgoingAddresses holds more than {MostAddresses} entries.", [nameof(OutgoingAddresses)]);
    }
}
