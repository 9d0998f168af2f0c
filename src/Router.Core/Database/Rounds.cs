namespace Router.Core.Database;

internal static class Rounds
{
    /// <summary>
    /// Parts none of which has a key twice, for <c>on conflict do update</c>, which takes a row only once in a statement. What is later in
    /// the list is in a later part.
    /// </summary>
    public static IEnumerable<List<TRow>> Of<TRow, TKey>(IReadOnlyList<TRow> rows, Func<TRow, TKey> key)
        where TRow : class
    {
        while (rows.Count > 0)
        {
            var round = rows.DistinctBy(key).ToList();
            yield return round;
            rows = round.Count == rows.Count ? [] : [.. rows.Except(round, ReferenceEqualityComparer.Instance).Cast<TRow>()];
        }
    }
}
