using System.Text.Json.Nodes;

namespace Router.Cli.Management;

/// <summary>
/// What has come or changed among a site's deliveries since the last look. The API lists them by when their messages were accepted, and not
/// by when they changed: a look is at the newest ones, on to those of the last look, and then at older ones that waited when last seen.
/// </summary>
/// <param name="api">Who is asked.</param>
/// <param name="path">The site's deliveries.</param>
/// <param name="filters">Which of them.</param>
internal sealed class ChangedDeliveries(RouterApi api, string path, IReadOnlyCollection<(string Name, string? Value)> filters)
{
    /// <summary>Of so many of the newest each change is seen.</summary>
    private const int Newest = 500;

    /// <summary>So many new ones are read in a look, and so many older ones are watched that wait.</summary>
    private const int Most = 10_000;

    // Each is a request of its own. They take turns.
    private const int OlderInALook = 10;

    private readonly Dictionary<string, string> _older = new(StringComparer.Ordinal);
    private readonly Queue<string> _turns = [];
    // Kept until a look has come to its end, where the router goes away meanwhile.
    private readonly List<JsonObject> _changed = [];
    private Dictionary<string, string> _newest = new(StringComparer.Ordinal);

    /// <summary>Whether there was more than it looks at.</summary>
    public bool HasLeftOut { get; private set; }

    /// <summary>Oldest first.</summary>
    /// <param name="atLeast">How many of the newest to look at, if more than usual.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public async Task<List<JsonObject>> Look(int atLeast, CancellationToken cancellationToken)
    {
        var rows = await Read(Math.Max(Newest, atLeast), cancellationToken);
        var now = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var row in rows)
            now[Key(row)] = Stage(row);
        foreach (var (key, stage) in _newest.Where(one => !now.ContainsKey(one.Key) && Waits(one.Value)))
            Watch(key, stage);

        await Older(now, cancellationToken);
        List<JsonObject> changed = [.. _changed, .. Enumerable.Reverse(rows).Where(row => Before(Key(row)) != Stage(row))];
        _changed.Clear();
        _newest = now;
        return changed;
    }

    /// <summary>On until one of the last look's, since what has come in the meantime is before that.</summary>
    private async Task<List<JsonObject>> Read(int atLeast, CancellationToken cancellationToken)
    {
        var rows = new List<JsonObject>();
        var hasMet = _newest.Count == 0;
        await foreach (var row in api.List(path, Things.Query(filters), Most, cancellationToken))
        {
            rows.Add(row);
            hasMet |= _newest.ContainsKey(Key(row));
            if (hasMet && rows.Count >= atLeast)
                return rows;
        }

        HasLeftOut |= !hasMet && rows.Count == Most;
        return rows;
    }

    private async Task Older(Dictionary<string, string> newest, CancellationToken cancellationToken)
    {
        for (var turns = Math.Min(OlderInALook, _turns.Count); turns > 0; turns--)
        {
            var key = _turns.Peek();
            // It may be among the newest again, where some of those were erased.
            var row = newest.ContainsKey(key) ? null : await One(key, cancellationToken);
            _turns.Dequeue();
            _older.Remove(key, out var before);
            if (row is null)
                continue;
            if (Stage(row) != before)
                _changed.Add(row);
            if (Waits(Stage(row)))
                Watch(key, Stage(row));
        }
    }

    /// <summary>Null where it is erased, or no longer one of those that are asked for.</summary>
    private ValueTask<JsonObject?> One(string key, CancellationToken cancellationToken)
    {
        var (message, destination) = (key.Split('.')[0], key.Split('.')[1]);
        var query = Things.Query([
            .. filters.Where(filter => filter.Name != "destination"), ("message", message), ("destination", destination)]);
        return api.List(path, query, most: 1, cancellationToken).FirstOrDefaultAsync(cancellationToken);
    }

    private void Watch(string key, string stage)
    {
        if (_turns.Count >= Most)
            HasLeftOut = true;
        else if (_older.TryAdd(key, stage))
            _turns.Enqueue(key);
    }

    private string? Before(string key) => _newest.GetValueOrDefault(key) ?? _older.GetValueOrDefault(key);

    private static string Key(JsonObject row) => $"{row["event_id"]}.{row["destination_id"]}";

    private static string Stage(JsonObject row) => $"{row["state"]}.{row["attempts"]}";

    private static bool Waits(string stage) => stage.Split('.')[0] is "retrying" or "held";
}
