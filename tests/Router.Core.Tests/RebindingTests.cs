using System.Net;
using Microsoft.Extensions.Options;
using Router.Core.Deliveries;
using Router.Core.Destinations;
using Router.Core.Leads;

namespace Router.Core.Tests;

/// <summary>
/// A name whose addresses change between two look-ups. 127.0.0.2 stands for a public host, since tests never leave this machine;
/// 127.0.0.1, the same port, for a server of ours that no destination may reach.
/// </summary>
public sealed class RebindingTests : IDisposable
{
    private static readonly IPAddress Permitted = IPAddress.Parse("127.0.0.2");
    private static readonly IPAddress Forbidden = IPAddress.Loopback;

    private static readonly IOptions<DeliveryOptions> Impatient =
        Options.Create(new DeliveryOptions { ConnectTimeout = TimeSpan.FromSeconds(1) });

    private readonly CountingListener _outside = new(Permitted, port: 0);
    private readonly CountingListener _inside;
    private readonly List<string> _asked = [];

    public RebindingTests() => _inside = new CountingListener(Forbidden, _outside.Port);

    public void Dispose()
    {
        _outside.Dispose();
        _inside.Dispose();
    }

    [Fact]
    public async Task Name_RepointedAtLoopback_IsNotConnectedTo()
    {
        using var sender = Sender([Permitted], [Forbidden]);
        // A listener that hangs up is no TLS: the connection was made.
        Assert.Equal(AttemptError.TlsFailure, (await Send(sender)).Error);
        Assert.Equal((1, 0), (_outside.Connections, _inside.Connections));

        Assert.Equal(AttemptError.DnsFailure, (await Send(sender)).Error);
        Assert.Equal((1, 0), (_outside.Connections, _inside.Connections));
        // Each attempt looked the name up once: between check and connection there is no second answer.
        Assert.Equal(["rebind.test", "rebind.test"], _asked);
    }

    [Fact]
    public async Task Name_WithBothKindsOfAddresses_ReachesThePermittedOneOnly()
    {
        using var sender = Sender([Forbidden, IPAddress.Parse("::ffff:127.0.0.1"), Permitted]);
        Assert.Equal(AttemptError.TlsFailure, (await Send(sender)).Error);
        Assert.Equal((1, 0), (_outside.Connections, _inside.Connections));
    }

    [Fact]
    public async Task Name_WhosePermittedAddressIsDown_DoesNotFallBackToAForbiddenOne()
    {
        using var sender = Sender([Permitted, Forbidden]);
        _outside.Dispose();
        Assert.Equal(AttemptError.ConnectionRefused, (await Send(sender)).Error);
        Assert.Equal(0, _inside.Connections);
    }

    [Fact]
    public async Task Name_WhoseFirstAddressesAreDown_ReachesTheNextOne()
    {
        using var sender = Sender([IPAddress.IPv6Loopback, IPAddress.Parse("127.0.0.3"), Permitted]);
        Assert.Equal(AttemptError.TlsFailure, (await Send(sender)).Error);
        Assert.Equal(1, _outside.Connections);
    }

    [Fact]
    public async Task Name_WithoutAddresses_IsADnsFailure()
    {
        using var sender = Sender([[]]);
        Assert.Equal(AttemptError.DnsFailure, (await Send(sender)).Error);
    }

    [Fact]
    public async Task Name_ThatResolvesForTooLong_IsAConnectTimeout()
    {
        using var silence = new ManualResetEventSlim();
        using var sender = Sender(_ =>
        {
            silence.Wait();
            return [];
        });
        Assert.Equal(AttemptError.ConnectTimeout, (await Send(sender)).Error);
        silence.Set();
    }

    [Theory]
    [InlineData("https://127.0.0.1:{port}/", AttemptError.AddressNotAllowed)]
    [InlineData("http://127.0.0.1:{port}/", AttemptError.AddressNotAllowed)]
    [InlineData("https://[::ffff:127.0.0.1]:{port}/", AttemptError.AddressNotAllowed)]
    [InlineData("https://2130706433:{port}/", AttemptError.AddressNotAllowed)]
    [InlineData("http://rebind.test:{port}/", AttemptError.UrlNotAllowed)]
    [InlineData("ftp://rebind.test:{port}/", AttemptError.UrlNotAllowed)]
    [InlineData("https://rebind.test:22/", AttemptError.UrlNotAllowed)]
    [InlineData("https://aאb.test:{port}/", AttemptError.InvalidUrl)]
    public async Task Url_PutIntoTheRowUnchecked_IsNotSentTo(string url, AttemptError error)
    {
        using var sender = Sender([Forbidden]);
        Assert.Equal(error, (await Send(sender, url)).Error);
        Assert.Equal((0, 0), (_outside.Connections, _inside.Connections));
        Assert.Empty(_asked);
    }

    [Theory]
    [InlineData(DestinationKind.Custom, false, AttemptError.DnsFailure)]
    [InlineData(DestinationKind.Custom, true, AttemptError.TlsFailure)]
    [InlineData(DestinationKind.Registered, false, AttemptError.TlsFailure)]
    [InlineData(DestinationKind.LeadManager, false, AttemptError.TlsFailure)]
    public async Task Exception_ForSomeSites_IsForNoOwnerOfAnother(DestinationKind kind, bool isListed, AttemptError expected)
    {
        var site = Guid.NewGuid();
        using var sender = new DestinationSender(
            Impatient, new NetworkGuard(Options.Create(
                new NetworkOptions { Allow = "127.0.0.2", AllowSites = $"{Guid.NewGuid()}, {(isListed ? site : Guid.NewGuid())}" })),
            TimeProvider.System, new NameLookups(Impatient, TimeProvider.System, _ => [Permitted]));
        // A connection of somebody who may have it is there already.
        await Send(sender, kind: DestinationKind.LeadManager);
        var before = _outside.Connections;
        Assert.Equal(expected, (await Send(sender, kind: kind, site: site)).Error);
        Assert.Equal(expected is AttemptError.DnsFailure ? 0 : 1, _outside.Connections - before);
        // By its address it isn't even tried.
        if (expected is AttemptError.DnsFailure)
            Assert.Equal(AttemptError.AddressNotAllowed, (await Send(sender, "https://127.0.0.2:{port}/", kind, site)).Error);
    }

    private DestinationSender Sender(params IPAddress[][] answers)
    {
        var turn = 0;
        return Sender(name =>
        {
            _asked.Add(name);
            return answers[Math.Min(turn++, answers.Length - 1)];
        });
    }

    private static DestinationSender Sender(Func<string, IPAddress[]> resolve) => new(
        Impatient, new NetworkGuard(Options.Create(new NetworkOptions { Allow = "127.0.0.2, 127.0.0.3, ::1" })),
        TimeProvider.System, new NameLookups(Impatient, TimeProvider.System, resolve));

    private async Task<Answer> Send(
        DestinationSender sender, string url = "https://rebind.test:{port}/", DestinationKind kind = DestinationKind.Custom,
        Guid? site = null)
    {
        var destination = new Destination(
            Guid.NewGuid(), kind, "d", new Uri(url.Replace("{port}", $"{_outside.Port}", StringComparison.Ordinal)), "",
            new Signing(SignatureScheme.LeadRouter, "secret"));
        var lead = new LeadEvent
        {
            EventId = Guid.NewGuid(), SiteId = site ?? Guid.NewGuid(), Action = LeadAction.Created, LeadId = "1",
            AcceptedAt = TimeProvider.System.GetUtcNow(),
            Product = "p", SourceSystem = "P", Lead = new RawJson("{}"u8.ToArray()),
        };
        return (await sender.Send(destination, lead, OutgoingContent.OfOwn("{}"u8.ToArray()), number: 1)).Answer;
    }
}
