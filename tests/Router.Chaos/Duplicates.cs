namespace Router.Chaos;

/// <summary>
/// Leads that a destination took more than once. That may happen to what was in flight when something died, and to nothing else.
/// </summary>
internal sealed class Duplicates
{
    // Prefetch of both lanes at two workers, and what is slow beyond it: 200 ms of the load, in a lane for three destinations.
    private const int MostInFlight = 2 * (64 * 3 + 16) + 40;

    private Duplicates(int count, int unexplained, int mostOfOneFault) =>
        (Count, Unexplained, MostOfOneFault) = (count, unexplained, mostOfOneFault);

    public int Count { get; }

    /// <summary>Those that no fault can have caused.</summary>
    public int Unexplained { get; }

    public int MostOfOneFault { get; }

    public bool AreTooMany => MostOfOneFault > MostInFlight;

    public static Duplicates Of(IEnumerable<Arrival> arrivals, IReadOnlyCollection<PastFault> faults)
    {
        var byFault = new Dictionary<PastFault, int>();
        var (count, unexplained) = (0, 0);
        foreach (var taken in arrivals.Where(arrival => arrival.Status == 200).GroupBy(arrival => (arrival.Destination, arrival.Message)))
        {
            // The last one is the one that counted; each before it was in flight when something broke.
            foreach (var lost in taken.OrderBy(arrival => arrival.At).SkipLast(1))
            {
                count++;
                if (faults.Where(fault => Caused(fault, lost)).MinBy(fault => (lost.At - fault.Began).Duration()) is { } cause)
                    byFault[cause] = byFault.GetValueOrDefault(cause) + 1;
                else
                    unexplained++;
            }
        }

        return new Duplicates(count, unexplained, byFault.Values.DefaultIfEmpty().Max());
    }

    // Between the answer and its record on disk there is a commit.
    private static bool Caused(PastFault fault, Arrival arrival) =>
        arrival.At <= fault.Ended.AddSeconds(fault.Kind.Aftermath) && arrival.Answered.AddSeconds(1) >= fault.Began;
}
