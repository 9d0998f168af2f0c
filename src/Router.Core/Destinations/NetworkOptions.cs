using System.ComponentModel.DataAnnotations;

namespace Router.Core.Destinations;

/// <summary>Section <c>Network</c>: where requests may go besides https on the public internet.</summary>
public sealed class NetworkOptions : IValidatableObject
{
    /// <summary>
    /// Exceptions, separated by commas: host names (<c>crm.office.test</c>, or <c>*.office.test</c> for every name under it), addresses
    /// (<c>127.0.0.1</c>) and networks (<c>10.1.0.0/16</c>). Default none. A host name may have any address; a network counts for
    /// whatever name has an address in it. Each may end in a port or a range of ports (<c>crm.office.test:8080</c>, <c>10.1.0.0/16:8000-8999</c>,
    /// <c>[fd00::1]:8080</c>) and then counts for these only. Where the URL itself names what is listed, plain http and every port that is
    /// allowed there are fine too.
    /// </summary>
    public string Allow { get; set; } = "";

    /// <summary>Ports, and ranges of them, separated by commas. Default <c>80,443,1024-65535</c>.</summary>
    [Required]
    public string Ports { get; set; } = "80,443,1024-65535";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var entry in new AllowList(Allow).Wrong)
            yield return new ValidationResult($"'{entry}' is no host name, no address and no network that is written in full, such as 10.1.0.0/16, each with or without a port, such as crm.office.test:8080.", [nameof(Allow)]);
        foreach (var entry in new PortRanges(Ports).Wrong)
            yield return new ValidationResult($"'{entry}' is no port and no range such as 1024-65535.", [nameof(Ports)]);
    }
}
