using System.Net;
using System.Net.Sockets;
using Router.Core.Deliveries;

namespace Router.Core.Tests;

public sealed class HappyEyeballsTests
{
    [Fact]
    public void Addresses_OfTwoFamilies_TakeTurnsInTheResolversOrder()
    {
        IPAddress[] addresses = [.. new[] { "::1", "::2", "::3", "127.0.0.1", "127.0.0.2" }.Select(IPAddress.Parse)];
        Assert.Equal(["::1", "127.0.0.1", "::2", "127.0.0.2", "::3"],
            HappyEyeballs.Interleave(addresses).Select(address => address.ToString()));
        Assert.Equal(["127.0.0.2", "::3", "127.0.0.1", "::2", "::1"],
            HappyEyeballs.Interleave([.. addresses.Reverse()]).Select(address => address.ToString()));
    }

    [Theory]
    [InlineData("::1", "127.0.0.1")]
    [InlineData("127.0.0.3", "127.0.0.1")]
    [InlineData("127.0.0.3", "127.0.0.4", "::1", "127.0.0.1")]
    public async Task Address_BehindSilentOnes_IsConnectedToAndTheOthersAreClosed(params string[] addresses)
    {
        var hosts = addresses.Select(IPAddress.Parse).ToList();
        using var healthy = new TcpListener(hosts[^1], 0);
        healthy.Start();
        var port = ((IPEndPoint)healthy.LocalEndpoint).Port;
        var silent = hosts.SkipLast(1).Select(host => new SilentListener(host, port)).ToList();

        using (var socket = await HappyEyeballs.Connect(hosts, port, TimeProvider.System, TestContext.Current.CancellationToken))
            Assert.Equal(hosts[^1], ((IPEndPoint)socket.RemoteEndPoint!).Address);
        // None goes on trying to connect: such a socket would be in SYN_SENT.
        await SilentListener.NoneConnects(port, TestContext.Current.CancellationToken);
        silent.ForEach(listener => listener.Dispose());
    }

    [Fact]
    public async Task Addresses_AllSilent_FailWhenTheTokenEnds()
    {
        using var first = new SilentListener(IPAddress.Parse("127.0.0.3"), 0);
        using var second = new SilentListener(IPAddress.Parse("127.0.0.4"), first.Port);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => HappyEyeballs.Connect(
                [IPAddress.Parse("127.0.0.3"), IPAddress.Parse("127.0.0.4")], first.Port, TimeProvider.System, timeout.Token));
        await SilentListener.NoneConnects(first.Port, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Addresses_AllClosed_FailWithTheReason()
    {
        using var taken = new TcpListener(IPAddress.Parse("127.0.0.9"), 0);
        taken.Start();
        var failed = await Assert.ThrowsAsync<SocketException>(() => HappyEyeballs.Connect(
            [IPAddress.Loopback, IPAddress.Parse("127.0.0.2")], ((IPEndPoint)taken.LocalEndpoint).Port, TimeProvider.System,
            TestContext.Current.CancellationToken));
        Assert.Equal(SocketError.ConnectionRefused, failed.SocketErrorCode);
    }
}
