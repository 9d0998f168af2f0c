using System.Collections.Concurrent;

namespace Router.Core.Deliveries;

/// <summary>What one site has under way at this worker, Lead Manager's requests apart.</summary>
internal sealed class SitePlaces
{
    private readonly ConcurrentDictionary<string, TakenPlaces> _atHosts = new(StringComparer.Ordinal);

    public int Slow;

    public TakenPlaces InFlight { get; } = new();

    /// <summary>Its limit when it last sent something.</summary>
    public int Limit { get; set; } = int.MaxValue;

    public bool IsFull => InFlight.Count >= Limit;

    public TakenPlaces At(string host) => _atHosts.GetOrAdd(host, _ => new TakenPlaces());
}
