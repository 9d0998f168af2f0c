using System.Globalization;
using Router.Api.Incoming;
using Router.Core.Search;

namespace Router.Api.Management;

/// <summary>What an erasure doesn't reach, for whoever has to answer the person.</summary>
internal static class PersonWords
{
    public static List<string> Remains(FoundPerson found, IReadOnlyList<PersonReceiver> sentTo, ErasedLetters? broker)
    {
        var remains = new List<string>();
        foreach (var receiver in sentTo)
        {
            var last = receiver.LastAt?.UtcDateTime.ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture);
            remains.Add(
                $"{receiver.Destination} of {receiver.Site} ({receiver.Host}) was sent "
                + $"{Count(receiver.Messages, "message", "messages")}, the last one on {last} UTC. "
                + "It is told nothing: ask it to erase them too.");
        }

        if (found.Mentions.Count > 0)
            remains.Add(
                $"{Count(found.Mentions.Count, "message", "messages")} about others name the person. They are listed before an erasure; "
                + "erase those leads by their ids if they should go.");
        if (found.AccountId is not null)
            remains.Add("An account has this address. Operators disable it under Accounts; its sign-ins stay in the log until "
                + "Retention:AccessLogAfter.");
        if (found.Users.Count > 0)
            remains.Add("The person was a user of a site. Its Lead Manager still has them, and may send them again.");
        if (broker is null)
            remains.Add("RabbitMQ could not be asked for dead letters: erase once more when it is there.");
        if (broker is { Unread: > 0 })
            remains.Add(
                $"{Count(broker.Unread, "dead letter", "dead letters")} in RabbitMQ were not looked at: there are too many. Purge them.");
        if (broker is { Waiting: > 0 })
            remains.Add(
                $"{Count(broker.Waiting, "accepted message", "accepted messages")} in RabbitMQ could not be looked at. What is of the "
                + "leads above is dropped when it comes; whether there are other leads of the person, look once they have been delivered.");
        remains.Add("Backups and the write-ahead log of Postgres hold it for as long as you keep them.");
        return remains;
    }

    private static string Count(long count, string one, string many) =>
        $"{count.ToString("N0", CultureInfo.InvariantCulture)} {(count == 1 ? one : many)}";
}
