using System.Collections.Concurrent;
using System.Text.Json;
using Router.Core.Duties;
using Router.Core.Intake;
using Router.Core.Leads;
using Router.Core.Sites;

namespace Router.Api.Incoming;

/// <summary>
/// Keeps what was refused for its contents, so that it can be corrected and taken in. Written beside the requests, which wait for nothing;
/// while Postgres is away it is remembered here, up to a bound.
/// </summary>
internal sealed partial class KeptRefusals(
    RefusedLeads leads, RefusedContents contents, HostDuties duties, TimeProvider time, ILogger<KeptRefusals> logger)
    : PeriodicWork("Keeping refused leads", TimeSpan.FromSeconds(1), duties, time)
{
    private const int MostAtOnce = 100;
    private const int MostBatchesInARound = 5;
    private const int MostWaiting = 2_000;
    private const long MostBytesWaiting = 32 * 1024 * 1024;

    // What a text costs besides its characters.
    private const int OfName = 32;

    private readonly TimeProvider _time = time;
    private readonly ConcurrentQueue<Refused> _waiting = new();
    private readonly List<Refused> _batch = [];
    private readonly RefusedRoom _room = new(MostWaiting, MostBytesWaiting);
    private long _lost, _lastMillisecond;

    /// <summary>Keeps it, if it is the contents that were refused.</summary>
    /// <param name="context">The request.</param>
    /// <param name="operation">What it meant.</param>
    /// <param name="site">The site.</param>
    /// <param name="lead">The lead of the path.</param>
    /// <param name="error">What its sender is answered.</param>
    /// <param name="body">The body, where it could be parsed.</param>
    /// <param name="bytes">The body as it came; null when it was too large.</param>
    public void Keep(
        HttpContext context, LeadOperation operation, Guid site, string? lead, IncomingError error, LeadBody? body,
        ReadOnlyMemory<byte>? bytes)
    {
        if (error.Status is not (400 or 413 or 415 or 422))
            return;

        var product = context.Features.Get<Product>()!.Username;
        var chosen = operation.ChosenDestinations(context.Request);
        var size = (bytes?.Length ?? 0) + (chosen?.Sum(name => sizeof(char) * (long)name.Length + OfName) ?? 0);
        if (!_room.Enter(product, size))
        {
            Interlocked.Increment(ref _lost);
            return;
        }

        var now = Timestamps.ToMicroseconds(_time.GetUtcNow());
        var facts = new RefusedLead(
            Guid.CreateVersion7(TimeOfNext(now)), product, site, operation.Name, lead,
            chosen, now, error.Status, RefusedRequests.WithoutPlace(error.Sentence),
            bytes?.Length ?? (int)Math.Min(context.Request.ContentLength ?? 0, int.MaxValue), HasContents: bytes is not null);
        var id = lead ?? (body?.Root.ValueKind is JsonValueKind.Object ? LeadNormalizer.IdOf(body.Root) : null);
        _waiting.Enqueue(new Refused(facts, Uuids.TryParse(id, out var leadId) ? leadId : null, bytes, size));
    }

    /// <summary>Ids of version 7 are in the order of their milliseconds, and of no more: so each has one of its own.</summary>
    private DateTimeOffset TimeOfNext(DateTimeOffset now)
    {
        long last, next;
        do
        {
            last = Volatile.Read(ref _lastMillisecond);
            next = Math.Max(now.ToUnixTimeMilliseconds(), last + 1);
        }
        while (Interlocked.CompareExchange(ref _lastMillisecond, next, last) != last);
        return DateTimeOffset.FromUnixTimeMilliseconds(next);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // All that may wait.
        for (var written = 0; written < MostWaiting; written += MostAtOnce * MostBatchesInARound)
            await Try(Once, cancellationToken);
    }

    protected override async Task Once(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _lost, 0) is > 0 and var lost)
            LogLost(logger, lost);

        for (var round = 0; round < MostBatchesInARound; round++)
        {
            // What could not be written the last time is still in the batch.
            while (_batch.Count < MostAtOnce && _waiting.TryDequeue(out var refused))
                _batch.Add(refused);
            if (_batch.Count == 0)
                return;

            await leads.Keep(_batch.ConvertAll(Encrypted), cancellationToken);
            _batch.ForEach(refused => _room.Leave(refused.Facts.Product, refused.Size));
            _batch.Clear();
        }
    }

    private NewRefusedLead Encrypted(Refused refused) =>
        new(refused.Facts, refused.LeadId, refused.Bytes is { } bytes ? contents.Protect(bytes) : null);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{Count} refused leads could not be kept: there were too many at once. Their senders know that they were refused")]
    private static partial void LogLost(ILogger logger, long count);

    private sealed record Refused(RefusedLead Facts, Guid? LeadId, ReadOnlyMemory<byte>? Bytes, long Size);
}
