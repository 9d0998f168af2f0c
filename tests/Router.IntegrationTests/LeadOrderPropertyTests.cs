using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// Whatever happens to two APIs, two workers and the broker: at no destination does an event of a lead arrive before an earlier one has
/// been taken there.
/// </summary>
public sealed class LeadOrderPropertyTests
{
    private const int Destinations = 4;

    [Fact]
    public async Task Interleavings_OfAnyKind_KeepTheOrderWithinALead()
    {
        var seed = Random.Shared.Next(1000);
        await using var servers = await PrivateServers.Borrow();
        await using var router = await RouterFixture.StartProcesses(
            servers, workers: 2, ("Delivery:RetrySchedule", LeadOrderTests.Schedule), ("Delivery:RequestTimeout", "00:00:01"),
            ("Delivery:Lease", "00:00:03"), ("Delivery:QueueLease", "00:00:04"), ("Incoming:ConfirmTimeout", "00:00:00.5"),
            // Postgres doesn't go away here, however busy the machine is.
            ("Order:Timeout", "00:00:10"));
        var apis = new[] { router.Api, await router.Host("Router.Api").Ready() };
        var site = await router.CreateSite();
        List<TestDestination> destinations = [site.LeadManager];
        for (var i = 1; i < Destinations; i++)
            destinations.Add(await site.AddDestination($"d{i}"));
        var taken = new ConcurrentDictionary<(string Path, string Lead), Arrivals>();
        for (var i = 0; i < Destinations; i++)
            router.Receiver.Answer(destinations[i].Path, Answers(new Random(seed * 100 + i), isWell: i == 0, taken));

        // Each sender has one lead after the other, and sends the next event when the one before is accepted.
        using var over = new CancellationTokenSource();
        var sent = new ConcurrentDictionary<string, int>();
        var sending = Task.WhenAll(Enumerable.Range(0, 5).Select(sender => Task.Run(async () =>
        {
            var random = new Random(seed * 1000 + sender);
            while (!over.IsCancellationRequested)
            {
                await SendLead(site, apis, random, sent);
                await Task.Delay(random.Next(200));
            }
        })));

        var fate = new Random(seed);
        await Task.Delay(TimeSpan.FromSeconds(2));
        foreach (var fault in Shuffled(fate))
        {
            await fault(servers, router, fate);
            await Task.Delay(TimeSpan.FromSeconds(2 + fate.NextDouble()));
        }

        await over.CancelAsync();
        await sending;
        foreach (var destination in destinations)
        {
            await Eventually.Equal(
                sent.Values.Sum(),
                () => Task.FromResult(taken.Where(lead => lead.Key.Path == destination.Path).Sum(lead => lead.Value.Taken.Count)),
                $"all is taken at {destination.Path}", seconds: 240);
        }

        var overtaken = taken.Where(lead => lead.Value.Early.Count > 0).ToList();
        Assert.True(overtaken.Count == 0, $"With seed {seed}: " + string.Join(
            '\n', await Task.WhenAll(overtaken.Take(3).Select(lead => Story(router, lead.Key, lead.Value)))));
        Assert.InRange(sent.Count, 20, int.MaxValue);
    }

    private static Func<PrivateServers, RouterFixture, Random, Task>[] Shuffled(Random random)
    {
        Func<PrivateServers, RouterFixture, Random, Task>[] faults =
        [
            // Another one takes what it had in hand.
            async (_, router, fate) =>
            {
                await router.Workers[fate.Next(2)].Kill();
                router.Host("Router.Worker");
            },
            // By way of the outbox.
            async (servers, _, _) =>
            {
                await servers.RaiseMemoryAlarm();
                await Task.Delay(TimeSpan.FromSeconds(2));
                await servers.ClearMemoryAlarm();
            },
            async (_, router, _) =>
            {
                await router.Workers[^1].Stop();
                router.Host("Router.Worker");
            },
        ];
        random.Shuffle(faults);
        return faults;
    }

    private static async Task SendLead(TestSite site, TestHost[] apis, Random random, ConcurrentDictionary<string, int> sent)
    {
        var lead = Guid.NewGuid().ToString("N");
        var events = random.Next(2, 7);
        for (var i = 0; i < events; i++)
        {
            var key = $"{lead}-{i}";
            var json = JsonSerializer.Serialize(i == 0
                ? new { id = lead, source = "test", email = "jack@mail.test", notes = "0" } : (object)new { notes = $"{i}" });
            // As a careful sender does: the same key until it is accepted, at whichever API.
            while (true)
            {
                try
                {
                    using var answer = await site.Send(
                        i == 0 ? HttpMethod.Post : HttpMethod.Patch, i == 0 ? "/leads" : $"/leads/{lead}", json,
                        change: request => request.Headers.Add("Idempotency-Key", key), api: apis[random.Next(apis.Length)]);
                    if (answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created)
                        break;
                    Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                }
                catch (HttpRequestException)
                {
                    // It wasn't accepted, as far as its sender knows.
                }

                await Task.Delay(50);
            }
        }

        sent[lead] = events;
    }

    /// <summary>Fails now and then, is slow now and then, and sometimes slower than anybody waits. Keeps account of what it took.</summary>
    private static Func<Microsoft.AspNetCore.Http.HttpContext, Received, Task> Answers(
        Random random, bool isWell, ConcurrentDictionary<(string Path, string Lead), Arrivals> taken) => async (context, request) =>
    {
        var arrivals = taken.GetOrAdd((request.Path, LeadOrderTests.Lead(request)), _ => new Arrivals());
        var number = int.Parse(LeadOrderTests.Note(request), System.Globalization.CultureInfo.InvariantCulture);
        lock (arrivals)
        {
            for (var earlier = 0; earlier < number; earlier++)
            {
                if (!arrivals.Taken.Contains(earlier))
                    arrivals.Early.Add($"{number} before {earlier}");
            }
        }

        double chance;
        lock (random)
            chance = random.NextDouble();
        if (!isWell && chance < 0.25)
            await Task.Delay(chance < 0.02 ? 1500 : (int)(chance * 400));
        if (!isWell && chance > 0.8)
        {
            context.Response.StatusCode = 500;
            return;
        }

        lock (arrivals)
            arrivals.Taken.Add(number);
    };

    /// <summary>What the ledger knows of a lead.</summary>
    private static async Task<string> Story(RouterFixture router, (string Path, string Lead) key, Arrivals arrivals) =>
        $"{key.Path} {key.Lead}: {string.Join(", ", arrivals.Early)}\n" + await router.Query<string>(
            """
            select string_agg(
                concat_ws(' ', convert_from(e.body, 'UTF8'), e.id, e.accepted_at, 'planned', e.planned_at, d.state,
                          d.first_attempt_at, d.started_at, d.attempts),
                E'\n' order by e.accepted_at)
            from lead_events e join deliveries d on d.event_id = e.id join destinations x on x.id = d.destination_id
            where e.lead_id = @Lead and x.url like '%' || @Path
            """, new { Lead = Guid.Parse(key.Lead), key.Path });

    private sealed class Arrivals
    {
        public HashSet<int> Taken { get; } = [];

        public List<string> Early { get; } = [];
    }
}
