namespace Router.Core.Destinations;

/// <summary>Which delays before retries a destination may have.</summary>
internal static class RetryDelays
{
    private const int Most = 20;
    // Each failed lead is a request more: to a server that refuses them all, many at short intervals are an attack.
    private const int Short = 30;
    private const int MostShort = 5;
    private const int Longest = 48 * 60 * 60;
    // Earlier events of a lead are looked for as far back.
    private const int LongestTogether = 7 * 24 * 60 * 60;

    /// <summary>Whether it can have these, in seconds.</summary>
    public static bool CanBe(int[] schedule) => schedule.Length <= Most && Array.TrueForAll(schedule, delay => delay is >= 1 and <= Longest)
        && schedule.Count(delay => delay < Short) <= MostShort && schedule.Sum(delay => (long)delay) <= LongestTogether;
}
