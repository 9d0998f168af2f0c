using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Router.Core.Duties;

/// <summary>All that this host has to do again and again.</summary>
public sealed class HostDuties(TimeProvider time, ILogger<Duty> logger)
{
    private readonly ConcurrentDictionary<string, Duty> _duties = new(StringComparer.Ordinal);

    /// <summary>Each of them.</summary>
    public IReadOnlyCollection<Duty> All => [.. _duties.Values.OrderBy(duty => duty.Name, StringComparer.Ordinal)];

    /// <summary>One more.</summary>
    /// <param name="name">
    /// What it is, in a few words that people read: in the log, on the operator's page, in the answer of <c>/health/ready</c>.
    /// </param>
    /// <param name="interval">How often it is done.</param>
    public Duty Add(string name, TimeSpan interval) => _duties.GetOrAdd(name, _ => new Duty(name, interval, time, logger));
}
