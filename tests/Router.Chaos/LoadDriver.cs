using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;

namespace Router.Chaos;

/// <summary>An event of a lead: <c>created</c>, or the one <c>updated</c> that follows it.</summary>
internal readonly record struct EventKey(Guid Lead, string Action);

/// <summary>What the sender knows of one event.</summary>
internal sealed class SentEvent(EventKey key, Site site, bool hasKey)
{
    public EventKey Key => key;

    public Site Site => site;

    /// <summary>Sent with an <c>Idempotency-Key</c>, and again until there is an answer.</summary>
    public bool HasKey => hasKey;

    /// <summary>When its sender heard so; null while it hasn't.</summary>
    public DateTimeOffset? AcceptedAt { get; set; }

    public bool IsAccepted => AcceptedAt is not null;
}

/// <summary>
/// A website that sends real leads at a steady rate, whatever becomes of them, gives up after two seconds as real ones do, and writes
/// down what was accepted.
/// </summary>
internal sealed class LoadDriver(Uri api, IReadOnlyList<Site> sites, int seed, int perSecond = 100) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(8);

    private readonly HttpClient _http = new() { BaseAddress = api, Timeout = Patience };
    private readonly ConcurrentBag<SentEvent> _events = [];
    private readonly ConcurrentQueue<(DateTimeOffset At, TimeSpan Took)> _accepts = new();
    private readonly ConcurrentDictionary<int, int> _answers = new();
    private readonly Random _random = new(seed);
    private int _underWay;

    /// <summary>Leads, and for each fourth one an update, sent as soon as the lead is accepted.</summary>
    public IReadOnlyCollection<SentEvent> Events => _events;

    /// <summary>When each event was accepted and how long that took.</summary>
    public IReadOnlyCollection<(DateTimeOffset At, TimeSpan Took)> Accepts => _accepts;

    /// <summary>How often there was which status; 0: no answer in time, or no connection.</summary>
    public IReadOnlyDictionary<int, int> Answers => _answers;

    /// <summary>When the first lead was sent.</summary>
    public DateTimeOffset Began { get; private set; }

    public static string Reference(EventKey key) => $"ours-{key.Lead:N}-{key.Action}";

    /// <summary>Sends until it is told to stop; returns once there is an answer to everything, or there has been none in time.</summary>
    public async Task Run(CancellationToken stopping)
    {
        Began = TimeProvider.System.GetUtcNow();
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        for (var sent = 0; !stopping.IsCancellationRequested; await timer.WaitForNextTickAsync(CancellationToken.None))
        {
            // What is due, also what became due while this program had to wait itself.
            for (; sent < watch.Elapsed.TotalSeconds * perSecond; sent++)
            {
                var key = new EventKey(Guid.NewGuid(), "created");
                var lead = new SentEvent(key, sites[_random.Next(sites.Count)], hasKey: _random.Next(5) == 0);
                _ = Send(lead, hasUpdate: _random.Next(4) == 0, stopping);
            }
        }

        await Eventually.True(() => Volatile.Read(ref _underWay) == 0, "the last lead is answered", seconds: 60);
    }

    public void Dispose() => _http.Dispose();

    private async Task Send(SentEvent sent, bool hasUpdate, CancellationToken stopping)
    {
        Interlocked.Increment(ref _underWay);
        _events.Add(sent);
        // Less and less often, as docs/senders.md asks of whoever sends again.
        var pause = FirstPause;
        while (!await IsAccepted(sent) && sent.HasKey && !stopping.IsCancellationRequested)
        {
            await Task.Delay(pause, CancellationToken.None);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
        }

        if (sent.IsAccepted && hasUpdate)
            await Send(new SentEvent(sent.Key with { Action = "updated" }, sent.Site, hasKey: true), hasUpdate: false, stopping);
        Interlocked.Decrement(ref _underWay);
    }

    private async Task<bool> IsAccepted(SentEvent sent)
    {
        var started = Stopwatch.GetTimestamp();
        var (method, path) = sent.Key.Action == "created" ? (HttpMethod.Post, "") : (HttpMethod.Patch, $"/{sent.Key.Lead}");
        using var request = new HttpRequestMessage(method, $"/rest/sites/{sent.Site.Id}/leads{path}")
        {
            Content = JsonContent.Create(
                new { id = sent.Key.Lead, source = "chaos", email = "jack@mail.test", client_reference = Reference(sent.Key) }),
        };
        request.Headers.Authorization = sent.Site.Credentials;
        if (sent.HasKey)
            request.Headers.Add("Idempotency-Key", Reference(sent.Key));

        var status = 0;
        try
        {
            using var response = await _http.SendAsync(request);
            status = (int)response.StatusCode;
            if (response.IsSuccessStatusCode)
                sent.AcceptedAt = TimeProvider.System.GetUtcNow();
        }
        catch (Exception none) when (none is HttpRequestException or OperationCanceledException)
        {
            // No answer: it may have arrived or not.
        }

        _answers.AddOrUpdate(status, 1, (_, count) => count + 1);
        if (sent.IsAccepted)
            _accepts.Enqueue((sent.AcceptedAt!.Value, Stopwatch.GetElapsedTime(started)));
        return sent.IsAccepted;
    }
}
