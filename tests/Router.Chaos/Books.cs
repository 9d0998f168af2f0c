using System.Diagnostics;
using System.Globalization;
using Dapper;
using Npgsql;

namespace Router.Chaos;

/// <summary>A delivery as the ledger has it.</summary>
internal sealed record LedgerEntry(Guid Lead, string Action, Guid Destination, string State)
{
    public EventKey Key => new(Lead, Action);
}

/// <summary>Compares what the sender knows with what the ledger says and what the receivers got.</summary>
internal sealed class Books(Rig rig, LoadDriver driver)
{
    private const string Entries = """
        select e.lead_id as lead, e.action, d.destination_id as destination, d.state
        from lead_events e join deliveries d on d.event_id = e.id where e.product <> ''
        """;

    /// <summary>Planned, and without a row: on its way, or lost once the queues are empty.</summary>
    private const string Missing = """
        select count(*) from lead_events e cross join unnest(e.destinations) x (id)
        where not exists (select from deliveries d where d.event_id = e.id and d.destination_id = x.id)
        """;

    /// <summary>
    /// Waits until what was accepted is planned and nothing is on its way; how long that took, null when it didn't end in time.
    /// </summary>
    public async Task<TimeSpan?> Settle(TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        await using var database = await rig.OpenDatabase();
        while (watch.Elapsed < limit)
        {
            var moving = await database.ExecuteScalarAsync<long>(
                $"select (select count(*) from deliveries where state not in ('delivered', 'rejected', 'dead', 'canceled')) + ({Missing})");
            if (moving == 0 && await Waiting() == 0
                && (await Events(database)).Keys.ToHashSet()
                .IsSupersetOf(driver.Events.Where(sent => sent.IsAccepted).Select(sent => sent.Key)))
                return watch.Elapsed;
            await Task.Delay(200);
        }

        return null;
    }

    /// <summary>Everything that isn't as it must be, in sentences.</summary>
    public async Task<IReadOnlyList<string>> Problems(IReadOnlyCollection<PastFault> faults)
    {
        await using var database = await rig.OpenDatabase();
        var events = await Events(database);
        var entries = (await database.QueryAsync<LedgerEntry>(Entries)).DistinctBy(entry => (entry.Key, entry.Destination))
            .ToDictionary(entry => (entry.Key, entry.Destination), entry => entry.State);
        // Of the tables: the statement looks away for a day, and everything here is younger.
        var missing = await database.ExecuteScalarAsync<long>(Missing);
        var unbalanced = await database.ExecuteScalarAsync<long>(
            "select count(*) from statement where received <> delivered + rejected + retrying + held + dead + canceled + skipped");
        var arrivals = rig.Receivers.Arrivals.ToLookup(arrival => (arrival.Key, arrival.Destination));

        var problems = new List<string>();
        void Expect(long count, string what)
        {
            if (count != 0)
                problems.Add($"{count} {what}");
        }

        var accepted = driver.Events.Where(sent => sent.IsAccepted).ToList();
        var owed = accepted.SelectMany(sent => sent.Site.Destinations, (sent, destination) => (sent.Key, Destination: destination))
            .ToList();
        Expect(accepted.Count(sent => !events.ContainsKey(sent.Key)), "accepted events are not in the ledger");
        Expect(events.Count(row => row.Value != 1), "events are in the ledger more than once");
        Expect(owed.Count(owing => !IsSettled(entries.GetValueOrDefault(owing), arrivals[owing])),
            "accepted events neither arrived at a destination nor were refused by it");
        Expect(entries.Count(entry => !IsSettled(entry.Value, arrivals[entry.Key])),
            "deliveries are in the ledger as something else than what the destination answered");
        Expect(arrivals.Count(group => group.Select(arrival => arrival.Message).Distinct().Count() > 1),
            "events arrived under two message ids");
        var forgotten = new Forgotten(faults);
        var overtaken = Overtaken(arrivals)
            .Where(update => !forgotten.Includes(AcceptedAt(Lead(update).Key) ?? default, AcceptedAt(update.Key) ?? default)).ToList();
        Expect(overtaken.Count, "updates arrived before the lead had been taken or refused");
        problems.AddRange(overtaken.Take(3).Select(update => Story(update, arrivals)));
        Expect(rig.Receivers.Forged, "requests had a wrong signature or other contents than were sent");
        Expect(missing, "planned deliveries are missing in the ledger, and no queue holds their events");
        Expect(unbalanced, "lines of the statement don't add up");
        Expect(await PutAside(), "messages were put aside in error, skipped or dead-letter queues");
        Expect(await database.ExecuteScalarAsync<long>("select count(*) from set_aside where reason <> 'too_large'"),
            "messages are set aside");
        Expect(rig.Hosts.Count(host => host.GaveUp), "hosts ended by themselves");
        Expect(driver.Answers.Where(answer => answer.Key is not (0 or 200 or 201 or 503)).Sum(answer => answer.Value),
            "answers to senders were neither success nor 503");
        return problems;
    }

    /// <summary>How often each event is there.</summary>
    private static async Task<Dictionary<EventKey, long>> Events(NpgsqlConnection database) =>
        (await database.QueryAsync<(Guid Lead, string Action, long Count)>(
            "select lead_id, action, count(*) from lead_events where product <> '' group by lead_id, action"))
        .ToDictionary(row => new EventKey(row.Lead, row.Action), row => row.Count);

    /// <summary>Updates that came to a destination before it had answered their lead with an end.</summary>
    private static List<(EventKey Key, Guid Destination)> Overtaken(ILookup<(EventKey Key, Guid Destination), Arrival> arrivals) =>
        [.. arrivals.Where(group => group.Key.Key.Action == "updated" && arrivals[Lead(group.Key)]
                .Where(lead => lead.Status is 200 or 406).Select(lead => lead.Answered).DefaultIfEmpty(DateTimeOffset.MaxValue).Min()
            > group.Min(update => update.At)).Select(group => group.Key)];

    private static (EventKey Key, Guid Destination) Lead((EventKey Key, Guid Destination) update) =>
        (update.Key with { Action = "created" }, update.Destination);

    /// <summary>When a lead and its update were accepted and when they arrived, to be compared with the times of the faults.</summary>
    private string Story((EventKey Key, Guid Destination) update, ILookup<(EventKey Key, Guid Destination), Arrival> arrivals) =>
        string.Join("; ", new[] { Lead(update), update }.Select(one =>
        {
            var accepted = AcceptedAt(one.Key);
            var arrived = arrivals[one].Select(arrival => $"{Seconds(arrival.At)} ({arrival.Status})");
            return $"{one.Key.Action} was accepted at {(accepted is { } at ? Seconds(at) : "no time")} and arrived at "
                + string.Join(", ", arrived.DefaultIfEmpty("no time"));
        }));

    private DateTimeOffset? AcceptedAt(EventKey key) => driver.Events.Single(sent => sent.Key == key).AcceptedAt;

    private string Seconds(DateTimeOffset at) => (at - driver.Began).TotalSeconds.ToString("0.00 s", CultureInfo.InvariantCulture);

    /// <summary>Delivered means that it answered 2xx, rejected that it answered 406; there is no other end here.</summary>
    private static bool IsSettled(string? state, IEnumerable<Arrival> arrivals) => state switch
    {
        "delivered" => arrivals.Any(arrival => arrival.Status == 200),
        "rejected" => arrivals.Any(arrival => arrival.Status == 406),
        _ => false,
    };

    private Task<long> Waiting() => Messages(name => name is "lead-events" or "lead-events-fresh" or "lead-events-large" or "lead-retries");

    private Task<long> PutAside() =>
        Messages(name => name is "lead-dead-letters" || name.EndsWith("_error", StringComparison.Ordinal)
        || name.EndsWith("_skipped", StringComparison.Ordinal));

    private async Task<long> Messages(Func<string, bool> which) => (await rig.Queues()).EnumerateArray()
        .Where(queue => which(queue.GetProperty("name").GetString()!))
            .Sum(queue => queue.TryGetProperty("messages", out var count) ? count.GetInt64() : 0);
}
