namespace Router.Core.Recovery;

/// <summary>The report in sentences, for people: what happens by itself first, then what somebody has to do.</summary>
public static class RestoreWords
{
    /// <summary>Its lines.</summary>
    /// <param name="report">The report.</param>
    /// <param name="now">The present time.</param>
    public static IEnumerable<string> Of(RestoreReport report, DateTimeOffset now) =>
        [.. Knows(report, now), "", .. ByItself(report), "", .. ForSomebody(report)];

    /// <summary>What came of sending.</summary>
    /// <param name="sent">How many deliveries; null where workers run.</param>
    public static string OfSent(int? sent) => sent is null
        ? "Workers run, and may have in hand what seems to be missing: stop them first. Nothing was sent."
        : $"{sent} planned deliveries are due now; workers send them.";

    private static IEnumerable<string> Knows(RestoreReport report, DateTimeOffset now)
    {
        yield return report.KnownUntil is { } until
            ? $"The last thing that a worker wrote into Postgres is of {until:yyyy-MM-dd HH:mm:ss} UTC, {Ago(now - until)} ago."
            : "The ledger is empty.";
        yield return "If Postgres was restored, it doesn't know what was delivered, changed or erased after that.";
        foreach (var queue in report.Consumed)
            yield return $"ATTENTION: somebody takes from {queue}. Stop the workers and look again: what they have in hand isn't seen.";
        foreach (var queue in report.Unfinished)
            yield return $"ATTENTION: {queue} holds more than was read; what follows is a part of it.";
    }

    private static IEnumerable<string> ByItself(RestoreReport report)
    {
        yield return "By itself, once workers run:";
        yield return $"  {report.Waiting.Count} deliveries that wait in the ledger (retrying, held) are sent"
            + ByDestination(report.Waiting, ". What arrived after the time above arrives a second time:");
        yield return $"  {report.Queued.Count} events in RabbitMQ that the ledger doesn't know are planned and sent.";
        yield return $"  {report.QueuedAgain.Count} planned deliveries without an outcome are sent: RabbitMQ has their events.";
        yield return $"  {report.Outbox.Count} events of the outbox are published.";
        yield return "  Whatever arrives a second time has the same message id.";
    }

    private static IEnumerable<string> ForSomebody(RestoreReport report)
    {
        if (!report.NeedsSomebody)
        {
            yield return "Nothing else is known to be missing.";
            yield break;
        }

        yield return "For you:";
        if (report.Orphans.Count > 0)
        {
            yield return $"  {report.Orphans.Count} planned deliveries have no outcome, and nothing sends them but 'after-restore send'"
                + ByDestination(report.Orphans, ":");
        }

        foreach (var line in Sender(report))
            yield return line;
        if (report.ForgottenDeadLetters.Count > 0)
        {
            yield return $"  {report.ForgottenDeadLetters.Count} dead letters are of events that the ledger doesn't know. "
                + "They hold the lead; don't move them, nothing would come of it:";
            foreach (var one in report.ForgottenDeadLetters.Items)
                yield return $"    event {one.EventId} at destination {one.DestinationId}";
        }
    }

    private static IEnumerable<string> Sender(RestoreReport report)
    {
        if (report.Lost.Count > 0)
        {
            yield return $"  {report.Lost.Count} events were accepted and are in neither Postgres nor RabbitMQ. "
                + "Their senders must send them again:";
            foreach (var one in report.Lost.Items)
            {
                var lead = one.LeadId is null ? ", sent with a key" : $", lead {one.LeadId} of site {one.SiteId}";
                yield return $"    event {one.EventId}{lead}{(one.AcceptedAt is { } at ? $", {at:yyyy-MM-dd HH:mm:ss} UTC" : "")}";
            }
        }

        if (report.ForgottenRetries.Count > 0)
        {
            yield return $"  {report.ForgottenRetries.Count} deliveries had failed when Postgres was lost, and their events with it. "
                + "They didn't arrive; their senders must send them again:";
            foreach (var one in report.ForgottenRetries.Items)
                yield return $"    event {one.EventId} at destination {one.DestinationId}";
        }

        if (report.Unknown is { Count: > 0 } unknown)
        {
            yield return $"  {unknown.Count} of the ids that you gave are known to neither:";
            foreach (var id in unknown)
                yield return $"    {id}";
        }
    }

    private static string ByDestination(Findings<LedgerDelivery> found, string colon) => found.Count == 0 ? "." : colon + string.Concat(
        found.Items.GroupBy(one => (one.SiteId, one.DestinationId)).OrderByDescending(group => group.Count()).Select(group =>
            $"\n    {group.Count()} at destination {group.Key.DestinationId} of site {group.Key.SiteId}"));

    private static string Ago(TimeSpan span) => span < TimeSpan.FromMinutes(2) ? $"{span.TotalSeconds:0} s"
        : span < TimeSpan.FromHours(2) ? $"{span.TotalMinutes:0} min" : $"{span.TotalHours:0} h";
}
