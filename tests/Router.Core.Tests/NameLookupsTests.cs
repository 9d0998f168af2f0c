using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Tests;

/// <summary>Names below <c>silent.test</c> have a name server that drops queries: the resolver blocks until the test ends.</summary>
public sealed class NameLookupsTests : IDisposable
{
    private static readonly IPAddress[] Found = [IPAddress.Loopback];
    private static readonly Guid Site = Guid.NewGuid();

    private readonly FakeTimeProvider _time = new();
    private readonly ManualResetEventSlim _silence = new();
    private readonly ConcurrentQueue<(string Name, bool IsOnPool)> _begun = new();
    private readonly IOptions<DeliveryOptions> _options = Options.Create(new DeliveryOptions());
    private readonly NameLookups _lookups;

    public NameLookupsTests() => _lookups = new NameLookups(_options, _time, Resolve);

    // Not disposed of: threads that wait for it may be at it still.
    public void Dispose() => _silence.Set();

    [Fact]
    public async Task Names_OfOneSiteThatDoNotResolve_CostOtherSitesNothing()
    {
        var silent = Ask(Site, 100);
        Assert.Equal(Found, await Find("other.test", Guid.NewGuid()));
        Assert.Equal(Found, await Find("crm.test", site: null));
        Assert.Equal(NameLookups.MostOfSite, _begun.Count(one => one.Name.EndsWith("silent.test", StringComparison.Ordinal)));

        // What found no place isn't what didn't resolve in time.
        _time.Advance(_options.Value.ConnectTimeout / 2);
        await foreach (var one in Task.WhenEach(silent).Take(100 - NameLookups.MostOfSite))
            await Assert.ThrowsAsync<NoPlaceForLookupException>(() => one);
    }

    [Fact]
    public async Task Names_OfManySites_LeaveThoseOfOperatorsTheirPlaces()
    {
        var silent = Enumerable.Range(0, 10).SelectMany(site => Ask(Guid.NewGuid(), 10, $"s{site}")).ToList();
        Assert.Equal(Found, await Find("crm.test", site: null));
        Assert.Equal(NameLookups.Most, _begun.Count(one => one.Name.EndsWith("silent.test", StringComparison.Ordinal)));

        var late = Find("other.test", Guid.NewGuid());
        _silence.Set();
        Assert.Equal(Found, await late);
        Assert.All(await Task.WhenAll(silent), addresses => Assert.Equal(Found, addresses));
    }

    [Fact]
    public async Task Lookup_IsNoThreadOfThePool()
    {
        await Find("a.test", Site);
        await Find("b.test", site: null);
        Assert.Equal([("a.test", false), ("b.test", false)], _begun);
    }

    [Fact]
    public async Task Lookup_NobodyWaitsFor_KeepsItsPlaceUntilItReturns()
    {
        using var enough = new CancellationTokenSource();
        var silent = Enumerable.Range(0, NameLookups.MostOfSite)
            .Select(number => _lookups.Find($"d{number}.silent.test", Site, enough.Token)).ToList();
        await enough.CancelAsync();
        foreach (var one in silent)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);

        var next = Find("next.test", Site);
        _time.Advance(_options.Value.ConnectTimeout / 2);
        await Assert.ThrowsAsync<NoPlaceForLookupException>(() => next);

        var last = Find("last.test", Site);
        _silence.Set();
        Assert.Equal(Found, await last);
    }

    [Fact]
    public async Task Name_ThatIsBeingLookedUp_IsLookedUpOnceForAll()
    {
        var all = Enumerable.Range(0, 20).Select(number => Find("d.silent.test", number < 10 ? Site : Guid.NewGuid())).ToList();
        _silence.Set();
        Assert.All(await Task.WhenAll(all), addresses => Assert.Equal(Found, addresses));
        Assert.Single(_begun);
        // What came of it isn't kept: names move.
        await Find("d.silent.test", Site);
        Assert.Equal(2, _begun.Count);
    }

    [Fact]
    public async Task Name_ThatIsUnknown_GivesItsPlaceBack()
    {
        for (var i = 0; i <= NameLookups.MostOfSite; i++)
            await Assert.ThrowsAsync<SocketException>(() => Find("unknown.test", Site));
        Assert.Equal(Found, await Find("known.test", Site));
    }

    [Theory]
    [InlineData("https://d.test/", null)]
    [InlineData("https://127.0.0.1/", "https://d.test/token")]
    public async Task Request_WhoseNameFoundNoPlace_IsNoAttempt(string url, string? tokenUrl)
    {
        using var sender = SenderWithoutPlaces();
        var bulkhead = new DestinationBulkhead(new SitePlaces(), QuickToOpen, comeback: TimeSpan.FromSeconds(6), _time);
        Assert.Null(await bulkhead.Send(Request(sender, url, tokenUrl)));
        Assert.False(bulkhead.IsSuspect);
    }

    [Fact]
    public async Task Probe_WhoseNameFoundNoPlace_LeavesTheBreakerOpen()
    {
        using var sender = SenderWithoutPlaces();
        var bulkhead = new DestinationBulkhead(new SitePlaces(), QuickToOpen, comeback: TimeSpan.FromSeconds(6), _time);
        // The first makes the breaker, the next two open it.
        for (var i = 0; i < 3; i++)
            Assert.Equal(AttemptError.ConnectionRefused, (await bulkhead.Send(Request(sender, "http://127.0.0.1:1/")))?.Answer.Error);
        Assert.True(bulkhead.IsOpen(_time.GetUtcNow()));

        _time.Advance(QuickToOpen.BreakerPause);
        Assert.False(bulkhead.IsOpen(_time.GetUtcNow()));
        Assert.Null(await bulkhead.Send(Request(sender, "https://d.test/")));
        Assert.True(bulkhead.IsOpen(_time.GetUtcNow()));
    }

    private static IOptions<DeliveryOptions> QuickToGiveUp { get; } =
        Options.Create(new DeliveryOptions { ConnectTimeout = TimeSpan.FromMilliseconds(200) });

    private static IsolationOptions QuickToOpen { get; } = new() { BreakerThroughput = 2 };

    /// <summary>The names of its site wait for others, which don't resolve.</summary>
    private DestinationSender SenderWithoutPlaces()
    {
        var lookups = new NameLookups(QuickToGiveUp, TimeProvider.System, Resolve);
        for (var i = 0; i < NameLookups.MostOfSite; i++)
            _ = lookups.Find($"d{i}.silent.test", Site, TestContext.Current.CancellationToken);
        return new DestinationSender(
            QuickToGiveUp, new NetworkGuard(Options.Create(new NetworkOptions { Allow = "127.0.0.1" })), TimeProvider.System, lookups);
    }

    private static Sending Request(DestinationSender sender, string url, string? tokenUrl = null)
    {
        var destination = new Destination(
            Guid.NewGuid(), DestinationKind.Custom, "d", new Uri(url), "", new Signing(SignatureScheme.LeadRouter, "secret"))
        {
            OAuth = tokenUrl is null ? null : new OAuthClient(new Uri(tokenUrl), "c", "s", null, null, OAuthClientAuthentication.Post),
        };
        var lead = new LeadEvent
        {
            EventId = Guid.NewGuid(), SiteId = Site, Action = LeadAction.Created, LeadId = "1",
            AcceptedAt = TimeProvider.System.GetUtcNow(), Product = "p", SourceSystem = "P", Lead = new RawJson("{}"u8.ToArray()),
        };
        return new Sending(sender, destination, lead, OutgoingContent.OfOwn("{}"u8.ToArray()), Number: 1);
    }

    private List<Task<IPAddress[]>> Ask(Guid site, int count, string of = "d") =>
        [.. Enumerable.Range(0, count).Select(number => Find($"{of}{number}.silent.test", site))];

    private Task<IPAddress[]> Find(string name, Guid? site) => _lookups.Find(name, site, TestContext.Current.CancellationToken);

    private IPAddress[] Resolve(string name)
    {
        _begun.Enqueue((name, Thread.CurrentThread.IsThreadPoolThread));
        if (name.EndsWith("silent.test", StringComparison.Ordinal))
            _silence.Wait();
        return name is "unknown.test" ? throw new SocketException((int)SocketError.HostNotFound) : Found;
    }
}
