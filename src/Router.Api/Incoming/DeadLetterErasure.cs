using System.Text.Json;
using Dapper;
using Npgsql;
using RabbitMQ.Client;
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
internal sealed partial class DeadLetterErasure(
    BrokerNodes nodes, NpgsqlDataSource database, TimeProvider time, ILogger<DeadLetterErasure> logger) : IDisposable
{
    // Two at once would see each other's letters and miss others. The number is arbitrary.
    private const long WalkLock = 0x6c6574746572;

    // What an operator waits for. Nobody has so many and reads them.
    private const uint Most = 50_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private static readonly string[] Events = [.. LeadEvent.Queues, BrokerQueues.Returned];

    private static readonly CreateChannelOptions Confirmed =
        new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true,
            outstandingPublisherConfirmationsRateLimiter: null);

    // A lead may be 64 deep by itself.
    private static readonly JsonSerializerOptions Deep = new() { MaxDepth = 128 };

    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _lock = new();
    private List<Asked> _waiting = [];

    /// <summary>Null when RabbitMQ couldn't be asked: then the letters are to be looked through by hand. Never throws.</summary>
    public async Task<ErasedLetters?> TryErase(IReadOnlySet<(Guid Site, Guid Lead)> leads)
    {
        var asked = new Asked(leads);
        lock (_lock)
            _waiting.Add(asked);
        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            await _turn.WaitAsync(limit.Token);
            try
            {
                // Those that have waited are looked for together: each walk publishes all letters anew.
                if (!asked.IsTaken)
                    await Erase(Take(), limit.Token);
                return asked.Found;
            }
            finally
            {
                _turn.Release();
            }
        }
#pragma warning disable CA1031 // Whatever it was: what is erased stays erased, and who asked hears that the letters weren't looked at.
        catch (Exception failed)
        {
            LogFailed(logger, failed.GetType().Name);
            return null;
        }
#pragma warning restore CA1031
    }

    public void Dispose() => _turn.Dispose();

    private List<Asked> Take()
    {
        lock (_lock)
        {
            (var taken, _waiting) = (_waiting, []);
            taken.ForEach(one => one.IsTaken = true);
            return taken;
        }
    }

    private async Task Erase(List<Asked> asked, CancellationToken cancellationToken)
    {
        await using var turn = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await turn.BeginTransactionAsync(cancellationToken);
        await turn.ExecuteAsync(new CommandDefinition(
            "set local idle_in_transaction_session_timeout = '70s'", transaction: transaction, cancellationToken: cancellationToken));
        while (!await turn.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select pg_try_advisory_xact_lock(@WalkLock)", new { WalkLock }, transaction, cancellationToken: cancellationToken)))
            await Task.Delay(Pause, time, cancellationToken);

        await using var connection = await BrokerLine.Factory(nodes, "Router erasure").CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(Confirmed, cancellationToken);
        var letters = (await channel.QueueDeclarePassiveAsync(DeadLetter.QueueName, cancellationToken)).MessageCount;
        if (asked.Exists(one => one.Leads.Count > 0))
            await Walk(channel, Math.Min(letters, Most), asked, cancellationToken);
        long waiting = 0;
        foreach (var queue in Events)
            waiting += (await channel.QueueDeclarePassiveAsync(queue, cancellationToken)).MessageCount;
        foreach (var one in asked)
            one.Found = new ErasedLetters(one.Removed, Math.Max(0, letters - (long)Most), waiting);
    }

    private static async Task Walk(IChannel channel, uint count, List<Asked> asked, CancellationToken cancellationToken)
    {
        for (; count > 0; count--)
        {
            if (await channel.BasicGetAsync(DeadLetter.QueueName, autoAck: false, cancellationToken) is not { } letter)
                break;

            var lead = LeadOf(letter.Body);
            var goes = asked.FindAll(one => lead is { } its && one.Leads.Contains(its));
            goes.ForEach(one => one.Removed++);
            // First there twice, rather than not at all.
            if (goes.Count == 0)
                await channel.BasicPublishAsync("", DeadLetter.QueueName, mandatory: true,
                    new BasicProperties(letter.BasicProperties), letter.Body, cancellationToken);
            await channel.BasicAckAsync(letter.DeliveryTag, multiple: false, cancellationToken);
        }
    }

    /// <summary>Null where it isn't one of ours.</summary>
    private static (Guid Site, Guid Lead)? LeadOf(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            if (JsonSerializer.Deserialize<DeadLetter>(utf8.Span, Deep) is not { } letter)
                return null;

            return (letter.SiteId, Uuids.TryParse(letter.LeadId, out var id) ? id : Uuids.Of(letter.LeadId));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Leads whose letters somebody waits for.</summary>
    private sealed class Asked(IReadOnlySet<(Guid Site, Guid Lead)> leads)
    {
        public IReadOnlySet<(Guid Site, Guid Lead)> Leads => leads;

        public bool IsTaken { get; set; }

        public int Removed { get; set; }

        public ErasedLetters? Found { get; set; }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "Dead letters of erased leads could not be looked for in RabbitMQ ({Exception}): erase once more when it is there")]
    private static partial void LogFailed(ILogger logger, string exception);
}
