using System.ComponentModel.DataAnnotations;

namespace Router.Core.Destinations;

/// <summary>Section <c>Network</c>: where requests may go besides https on the public internet.</summary>
public sealed class NetworkOptions : IValidatableObject
{
    /// <summary>
    /// Exceptions, separated by commas: host names (<c>crm.office.test</c>, or <c>*.office.test</c> for every name under it), addresses
    /// (<c>127.0.0.1</c>) and networks (<c>10.1.0.0/16</c>). Default none. A host name may have any address; a network counts for
    /// whatever name has an address in it. Where the URL itself names what is listed, plain http and every port are fine too.
    /// </summary>
    public string Allow { get; set; } = "";

    /// <summary>Ports, and ranges of them, separated by commas. Default <c>80,443,1024-65535</c>.</summary>
    [Required]
    public string Ports { get; set; } = "80,443,1024-65535";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var entry in new AllowList(Allow).Wrong)
            yield return new ValidationResult($"'{entry}' is no host name, no address and no network that is written in full, such as 10.1.0.0/16.", [nameof(Allow)]);
        foreach (var entry in new PortRanges(Ports).Wrong)
            yield return new ValidationResult($"'{entry}' is no port and no range such as 1024-65535.", [nameof(Ports)]);
    }
}
