namespace Router.Cli.Configuration;

/// <summary>Guesses what somebody meant.</summary>
internal static class Spelling
{
    private const int MostSlips = 2;

    /// <summary>Whether one becomes the other by two letters more, less or other.</summary>
    public static bool IsNear(string known, string written) =>
        Math.Abs(known.Length - written.Length) <= MostSlips && Slips(known.ToUpperInvariant(), written.ToUpperInvariant()) <= MostSlips;

    private static int Slips(string one, string other)
    {
        var before = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var row = new int[other.Length + 1];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
                row[j] = Math.Min(Math.Min(row[j - 1], before[j]) + 1, before[j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1));
            before = row;
        }

        return before[^1];
    }
}
