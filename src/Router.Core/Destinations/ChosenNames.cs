using Router.Core.Leads;

namespace Router.Core.Destinations;

/// <summary>
/// The destinations that a sender chose, by name or id, and which of these choices name one. Read once for a lead: a site may have a
/// hundred destinations, and the sender's list twice as many names.
/// </summary>
internal sealed class ChosenNames
{
    private readonly string[] _names;
    private readonly Guid?[] _ids;
    private readonly bool[] _areKnown;
    private readonly HashSet<string> _allNames;
    private readonly HashSet<Guid> _allIds;

    /// <param name="chosen">The sender's list, cut at each comma that isn't quoted.</param>
    public ChosenNames(IReadOnlyList<string> chosen)
    {
        _names = [.. chosen.Select(name => name.Trim())];
        _ids = [.. _names.Select(name => Uuids.TryParse(name, out var id) ? id : (Guid?)null)];
        _areKnown = new bool[_names.Length];
        _allNames = new HashSet<string>(_names, StringComparer.OrdinalIgnoreCase);
        _allIds = [.. _ids.OfType<Guid>()];
    }

    /// <summary>The choices that have named no destination so far.</summary>
    public string[] Unknown => [.. _names.Where((_, at) => !_areKnown[at])];

    /// <summary>
    /// Whether they name this destination: its id, its name, or as many parts in a row as its name has between commas. What names it is
    /// known from then on.
    /// </summary>
    public bool Name(Destination destination)
    {
        var isChosen = Mark(destination.Id.ToString("D"));
        // All of them, so that each is marked.
        foreach (var name in destination.Spellings)
        {
            isChosen |= Mark(name.Trim());
            if (name.Contains(',', StringComparison.Ordinal))
                isChosen |= Mark(name.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        }

        return isChosen;
    }

    private bool Mark(params ReadOnlySpan<string> parts)
    {
        if (parts.IsEmpty || !_allNames.Contains(parts[0]) && !(Uuids.TryParse(parts[0], out var id) && _allIds.Contains(id)))
            return false;

        var isChosen = false;
        for (var at = 0; at + parts.Length <= _names.Length; at++)
        {
            var same = 0;
            while (same < parts.Length && IsSame(parts[same], at + same))
                same++;
            if (same < parts.Length)
                continue;

            isChosen = true;
            Array.Fill(_areKnown, true, at, parts.Length);
        }

        return isChosen;
    }

    private bool IsSame(string part, int at) => string.Equals(part, _names[at], StringComparison.OrdinalIgnoreCase)
        || (_ids[at] is { } chosen && Uuids.TryParse(part, out var id) && chosen == id);
}
