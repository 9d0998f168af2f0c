namespace Router.Core.Alerts;

/// <summary>What follows from what was found. Pure.</summary>
/// <param name="Opened">New, and worth telling.</param>
/// <param name="Seen">Open, and still so.</param>
/// <param name="Worse">Of these, what people must hear of again.</param>
/// <param name="Ended">Open, and not found for long enough.</param>
internal sealed record TroubleChanges(
    IReadOnlyList<FoundTrouble> Opened, IReadOnlyList<(OpenTrouble Open, FoundTrouble Found)> Seen,
    IReadOnlyList<(OpenTrouble Open, FoundTrouble Found)> Worse, IReadOnlyList<OpenTrouble> Ended)
{
    /// <summary>Compares.</summary>
    /// <param name="open">All that is open.</param>
    /// <param name="found">What was found, of these kinds.</param>
    /// <param name="looked">The kinds that were looked for: what is open of other kinds is left alone.</param>
    /// <param name="now">The time.</param>
    /// <param name="clearAfter">What was not so for this time is over.</param>
    public static TroubleChanges Of(
        IReadOnlyCollection<OpenTrouble> open, IReadOnlyCollection<FoundTrouble> found, IReadOnlySet<TroubleKind> looked,
        DateTimeOffset now, TimeSpan clearAfter)
    {
        var bySubject = open.ToDictionary(trouble => trouble.Subject, StringComparer.Ordinal);
        var (opened, seen) = (new List<FoundTrouble>(), new List<(OpenTrouble Open, FoundTrouble Found)>());
        foreach (var trouble in found.DistinctBy(trouble => trouble.Subject, StringComparer.Ordinal))
        {
            if (bySubject.TryGetValue(trouble.Subject, out var known))
                seen.Add((known, trouble));
            else if (trouble.IsWorthTelling)
                opened.Add(trouble);
        }

        var still = seen.Select(pair => pair.Open.Id).ToHashSet();
        return new TroubleChanges(
            opened, seen, seen.FindAll(pair => pair.Found.IsWorthTelling && IsWorse(pair.Open, pair.Found)),
            [.. open.Where(trouble => looked.Contains(TroubleKinds.Parse(trouble.Kind)) && !still.Contains(trouble.Id)
                && now - trouble.SeenAt >= clearAfter)]);
    }

    /// <summary>
    /// Graver than anything that people were told; or twice as many given up or set aside, for each of these needs somebody.
    /// </summary>
    private static bool IsWorse(OpenTrouble open, FoundTrouble found) => found.Kind > TroubleKinds.Parse(open.ToldKind)
        || (found.Kind is TroubleKind.GivenUp or TroubleKind.SetAside && found.Count >= 2 * open.ToldCount);
}
