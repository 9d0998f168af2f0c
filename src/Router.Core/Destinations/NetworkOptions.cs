using System.ComponentModel.DataAnnotations;

namespace Router.Core.Destinations;

/// <summary>
/// Section <c>Network</c>: where requests may go besides https on the public internet. The same in API and workers.
/// </summary>
public sealed class NetworkOptions : IValidatableObject
{
    /// <summary>
    /// Exceptions, separated by commas: host names (<c>crm.office.test</c>, or <c>*.office.test</c> for every name
    /// under it; trusted with whatever address they have), addresses (<c>127.0.0.1</c>) and networks
    /// (<c>10.1.0.0/16</c>; for whatever name has an address in it). Each for all ports, or with a port or a range of
    /// them (<c>127.0.0.1:9000</c>, <c>*.office.test:8000-8999</c>, <c>[fd00::/8]:443</c>) for those only. A URL that
    /// itself names one of them may be plain http and have any port that is allowed there. Default none.
    /// </summary>
    public string Allow { get; set; } = "";

    /// <summary>
    /// Ports, and ranges of them, that all other URLs may have, separated by commas. Default
    /// <c>80,443,1024-65535</c>.
    /// </summary>
    [Required]
    public string Ports { get; set; } = "80,443,1024-65535";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var entry in new AllowList(Allow).Wrong)
            yield return new ValidationResult(
                $"'{entry}' is no host name, no address and no network that is written in full, such as 10.1.0.0/16, "
                + "each with or without a port, such as crm.office.test:8080.", [nameof(Allow)]);
        foreach (var entry in new PortRanges(Ports).Wrong)
            yield return new ValidationResult($"'{entry}' is no port and no range such as 1024-65535.", [nameof(Ports)]);
    }
}
