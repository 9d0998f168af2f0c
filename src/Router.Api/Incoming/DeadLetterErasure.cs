using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Router.Core.Deliveries;
using Router.Core.Leads;
using Router.Hosting;

namespace Router.Api.Incoming;

/// <summary>What an erasure came to in RabbitMQ.</summary>
/// <param name="Removed">Dead letters that are gone.</param>
/// <param name="Unread">Dead letters that nobody has looked at: there are too many.</param>
/// <param name="Waiting">Accepted events that aren't in the ledger yet; nobody can tell whose they are.</param>
internal sealed record ErasedLetters(int Removed, long Unread, long Waiting);

/// <summary>
/// Takes an erased lead's copies out of <c>lead-dead-letters</c>. RabbitMQ can't search in a queue, so each letter is taken, and put back
/// behind the others unless it goes: all of them keep their order.
/// </summary>
internal sealed partial class DeadLetterErasure(BrokerNodes nodes, TimeProvider time, ILogger<DeadLetterErasure> logger)
{
    // What an operator waits for. Nobody has so many and reads them.
    private const uint Most = 50_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly string[] Events = [.. LeadEvent.Queues, BrokerQueues.Returned];

    private static readonly CreateChannelOptions Confirmed =
        new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true,
            outstandingPublisherConfirmationsRateLimiter: null);

    /// <summary>Null when RabbitMQ couldn't be asked: then the letters are to be looked through by hand. Never throws.</summary>
    public async Task<ErasedLetters?> TryErase(IReadOnlySet<(Guid Site, Guid Lead)> leads)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            await using var connection = await BrokerLine.Factory(nodes, "Router erasure").CreateConnectionAsync(limit.Token);
            await using var channel = await connection.CreateChannelAsync(Confirmed, limit.Token);
            var letters = (await channel.QueueDeclarePassiveAsync(DeadLetter.QueueName, limit.Token)).MessageCount;
            var removed = leads.Count == 0 ? 0 : await Walk(channel, Math.Min(letters, Most), leads, limit.Token);
            long waiting = 0;
            foreach (var queue in Events)
                waiting += (await channel.QueueDeclarePassiveAsync(queue, limit.Token)).MessageCount;
            return new ErasedLetters(removed, Math.Max(0, letters - (long)Most), waiting);
        }
#pragma warning disable CA1031 // Whatever it was: what is erased stays erased, and who asked hears that the letters weren't looked at.
        catch (Exception failed)
        {
            LogFailed(logger, failed.GetType().Name);
            return null;
        }
#pragma warning restore CA1031
    }

    private static async Task<int> Walk(
        IChannel channel, uint count, IReadOnlySet<(Guid Site, Guid Lead)> leads, CancellationToken cancellationToken)
    {
        var removed = 0;
        for (; count > 0; count--)
        {
            if (await channel.BasicGetAsync(DeadLetter.QueueName, autoAck: false, cancellationToken) is not { } letter)
                break;

            if (IsOf(leads, letter.Body))
                removed++;
            else
                // First there twice, rather than not at all.
                await channel.BasicPublishAsync("", DeadLetter.QueueName, mandatory: true,
                    new BasicProperties(letter.BasicProperties), letter.Body, cancellationToken);
            await channel.BasicAckAsync(letter.DeliveryTag, multiple: false, cancellationToken);
        }

        return removed;
    }

    private static bool IsOf(IReadOnlySet<(Guid Site, Guid Lead)> leads, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            var letter = JsonSerializer.Deserialize<DeadLetter>(utf8.Span)!;
            var lead = Uuids.TryParse(letter.LeadId, out var id) ? id : Uuids.Of(letter.LeadId);
            return leads.Contains((letter.SiteId, lead));
        }
        catch (JsonException)
        {
            // Not one of ours.
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "Dead letters of erased leads could not be looked for in RabbitMQ ({Exception}): erase once more when it is there")]
    private static partial void LogFailed(ILogger logger, string exception);
}
