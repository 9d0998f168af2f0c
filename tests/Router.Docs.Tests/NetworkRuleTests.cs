using System.Net;
using System.Text.RegularExpressions;
using Router.Core.Destinations;

namespace Router.Docs.Tests;

/// <summary>A cluster keeps workers from the same addresses as they themselves do: one of the two may fail.</summary>
public sealed partial class NetworkRuleTests
{
    private static readonly string[] Some = [
        "168.63.129.16", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.255.255", "198.18.0.1",
        "198.19.255.255", "198.51.100.1", "203.0.113.1", "100.64.0.0", "100.100.100.200", "169.254.169.254"];

    private static readonly string[] Some6 = [
        "::1", "64:ff9b::a00:1", "100::1", "2001::1", "2001:db8::1", "2002:a00:1::1", "3fff::1", "4000::1", "fc00::1",
        "fd00::1", "fe80::1", "fec0::1", "ff02::1"];

    [Fact]
    public void Addresses_ThatTheGuardRefuses_AreExceptedFromTheClustersRule()
    {
        var rule = File.ReadAllText(Repository.Files("deploy/kubernetes/base", "network.yaml").Single());
        var excepted = Networks(Excepted().Match(rule));
        Assert.Empty(
            from address in Some.Concat(Enumerable.Range(0, 256).SelectMany(first => (string[])[$"{first}.0.0.1", $"{first}.255.255.254"]))
            where !PublicAddresses.Contain(IPAddress.Parse(address)) && !excepted.Any(network => network.Contains(IPAddress.Parse(address)))
            select address);
    }

    [Fact]
    public void Addresses6_ThatTheGuardRefuses_AreExceptedFromTheClustersRule()
    {
        var match = Excepted6().Match(File.ReadAllText(Repository.Files("deploy/kubernetes/base", "network.yaml").Single()));
        var (all, excepted) = (IPNetwork.Parse(match.Groups["all"].Value), Networks(match));
        bool Passes(IPAddress address) => address.AddressFamily is System.Net.Sockets.AddressFamily.InterNetworkV6
            && all.Contains(address) && !excepted.Any(network => network.Contains(address));
        Assert.True(Passes(IPAddress.Parse("2606:4700::1111")));
        Assert.All(
            Some6, address => Assert.False(
                PublicAddresses.Contain(IPAddress.Parse(address)) || Passes(IPAddress.Parse(address)), address));
    }

    private static List<IPNetwork> Networks(Match match) =>
    [
        .. match.Groups["networks"].Value.Split(',', StringSplitOptions.TrimEntries).Select(network => IPNetwork.Parse(network.Trim('"'))),
    ];

    [GeneratedRegex(@"cidr: (?<all>[0-9a-f:]+/[0-9]+)\s+except:\s+\[(?<networks>[^\]]+)\]")]
    private static partial Regex Excepted6();

    [GeneratedRegex(@"cidr: 0\.0\.0\.0/0\s+except:\s+\[(?<networks>[^\]]+)\]")]
    private static partial Regex Excepted();
}
