using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;

namespace Router.Chaos;

/// <summary>What the sender knows of one lead.</summary>
internal sealed class SentLead(Guid id, Site site, bool hasKey)
{
    public Guid Id => id;

    public Site Site => site;

    /// <summary>Sent with an <c>Idempotency-Key</c>, and again until there is an answer.</summary>
    public bool HasKey => hasKey;

    public bool IsAccepted { get; set; }
}

/// <summary>
/// A website that sends real leads at a steady rate, whatever becomes of them, gives up after two seconds as real ones do, and writes
/// down what was accepted.
/// </summary>
internal sealed class LoadDriver(Uri api, IReadOnlyList<Site> sites, int seed) : IDisposable
{
    public const int LeadsPerSecond = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly HttpClient _http = new() { BaseAddress = api, Timeout = Patience };
    private readonly ConcurrentBag<SentLead> _leads = [];
    private readonly ConcurrentQueue<(DateTimeOffset At, TimeSpan Took)> _accepts = new();
    private readonly ConcurrentDictionary<int, int> _answers = new();
    private readonly Random _random = new(seed);
    private int _underWay;

    public IReadOnlyCollection<SentLead> Leads => _leads;

    /// <summary>When each lead was accepted and how long that took.</summary>
    public IReadOnlyCollection<(DateTimeOffset At, TimeSpan Took)> Accepts => _accepts;

    /// <summary>How often there was which status; 0: no answer in time, or no connection.</summary>
    public IReadOnlyDictionary<int, int> Answers => _answers;

    public static string Reference(Guid lead) => $"ours-{lead:N}";

    /// <summary>Sends until it is told to stop; returns once there is an answer to everything, or there has been none in time.</summary>
    public async Task Run(CancellationToken stopping)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        for (var sent = 0; !stopping.IsCancellationRequested; await timer.WaitForNextTickAsync(CancellationToken.None))
        {
            // What is due, also what became due while this program had to wait itself.
            for (; sent < watch.Elapsed.TotalSeconds * LeadsPerSecond; sent++)
            {
                var lead = new SentLead(Guid.NewGuid(), sites[_random.Next(sites.Count)], hasKey: _random.Next(5) == 0);
                _leads.Add(lead);
                _ = Send(lead, stopping);
            }
        }

        await Eventually.True(() => Volatile.Read(ref _underWay) == 0, "the last lead is answered", seconds: 60);
    }

    public void Dispose() => _http.Dispose();

    private async Task Send(SentLead lead, CancellationToken stopping)
    {
        Interlocked.Increment(ref _underWay);
        while (!await IsAccepted(lead) && lead.HasKey && !stopping.IsCancellationRequested)
            await Task.Delay(500, CancellationToken.None);
        Interlocked.Decrement(ref _underWay);
    }

    private async Task<bool> IsAccepted(SentLead lead)
    {
        var started = Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/rest/sites/{lead.Site.Id}/leads")
        {
            Content = JsonContent.Create(
                new { id = lead.Id, source = "chaos", email = "jack@mail.test", client_reference = Reference(lead.Id) }),
        };
        request.Headers.Authorization = lead.Site.Credentials;
        if (lead.HasKey)
            request.Headers.Add("Idempotency-Key", lead.Id.ToString("N"));

        var status = 0;
        try
        {
            using var response = await _http.SendAsync(request);
            status = (int)response.StatusCode;
            lead.IsAccepted = response.IsSuccessStatusCode;
        }
        catch (Exception none) when (none is HttpRequestException or OperationCanceledException)
        {
            // No answer: it may have arrived or not.
        }

        _answers.AddOrUpdate(status, 1, (_, count) => count + 1);
        if (lead.IsAccepted)
            _accepts.Enqueue((TimeProvider.System.GetUtcNow(), Stopwatch.GetElapsedTime(started)));
        return lead.IsAccepted;
    }
}
