using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Where a worker sends, with the resolver, the certificates and the environment of a real process.</summary>
public sealed class NetworkGuardTests(TestServers servers)
{
    [Fact]
    public async Task Destination_ThatLeadsToLoopback_IsRefusedAndTheOthersGetTheLead()
    {
        // The API lets all of them in, as a database from before the guard might hold them; the worker doesn't.
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Network:Allow", "127.0.0.0/8, localhost"));
        router.Settings["Network:Allow"] = "127.0.0.2";
        await router.Host("Router.Worker").Ready();
        await using var outside = await Receiver.Start(address: "127.0.0.2");
        var port = router.Receiver.Url.Port;
        var site = await router.CreateSite();
        var healthy = await site.AddDestination("healthy", url: new Uri(outside.Url, "/healthy").AbsoluteUri);
        var refused = new Dictionary<TestDestination, string>
        {
            [site.LeadManager] = "address_not_allowed",
            // As one that nobody knows: which names there are in here is for nobody to find out.
            [await site.AddDestination("by-name", url: $"https://localhost:{port}/")] = "dns_failure",
            [await site.AddDestination("unknown", url: $"https://no-such-host.invalid:{port}/")] = "dns_failure",
            [await site.AddDestination("by-number", url: $"https://2130706433:{port}/")] = "address_not_allowed",
            [await site.AddDestination("by-address", url: $"https://127.0.0.1:{port}/")] = "address_not_allowed",
            [await site.AddDestination("plain", url: $"http://localhost:{port}/")] = "url_not_allowed",
        };

        await site.PostLead();
        await outside.Wait("/healthy", 1);
        await site.Delivery(healthy, "delivered");
        foreach (var (destination, error) in refused)
        {
            // Failed, recorded and retried like any other failure: the owner may correct the URL meanwhile.
            var attempts = (await site.Delivery(destination, "dead")).GetProperty("attempts").EnumerateArray().ToList();
            Assert.Equal([1, 2, 3, 4], attempts.Select(attempt => attempt.GetProperty("attempt").GetInt32()));
            Assert.All(attempts, attempt =>
                Assert.Equal((error, JsonValueKind.Null),
                (attempt.GetProperty("error").GetString(), attempt.GetProperty("status").ValueKind)));
        }

        Assert.Empty(router.Receiver.All);
        await site.AssertAccountedFor(events: 1);
        // What a name resolves to in here is for nobody's eyes.
        Assert.DoesNotContain($"127.0.0.1:{port}", router.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Destination_OverHttpsWithAProxyInTheEnvironment_IsReachedDirectly()
    {
        using var certificate = Certificate("localhost");
        var trusted = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.pem");
        await File.WriteAllTextAsync(trusted, certificate.ExportCertificatePem());
        using var proxy = new TcpListener(IPAddress.Loopback, 0);
        proxy.Start();
        var proxyUrl = $"http://{proxy.LocalEndpoint}";
        try
        {
            await using var router = await RouterFixture.StartProcesses(
                servers, workers: 1, ("SSL_CERT_FILE", trusted), ("Network:Allow", "127.0.0.1, localhost"),
                ("http_proxy", proxyUrl), ("https_proxy", proxyUrl), ("all_proxy", proxyUrl), ("HTTPS_PROXY", proxyUrl),
                ("ALL_PROXY", proxyUrl));
            await using var receiver = await Receiver.Start(certificate: certificate);
            var site = await router.CreateSite();
            var secure = await site.AddDestination("secure", url: $"https://localhost:{receiver.Url.Port}/secure");
            var misnamed = await site.AddDestination("misnamed", url: $"https://127.0.0.1:{receiver.Url.Port}/misnamed");

            await site.PostLead();
            Assert.True(Assert.Single(await receiver.Wait("/secure", 1)).IsSignedWith(secure.Secret));
            await site.Delivery(site.LeadManager, "delivered");
            await site.Delivery(secure, "delivered");
            // The certificate is for another name than the URL's.
            Assert.Equal("certificate_wrong_host", (await site.Delivery(misnamed, "dead")).GetProperty("last_error").GetString());
            Assert.Empty(receiver.At("/misnamed"));
            Assert.False(proxy.Pending(), "something connected to the proxy");
        }
        finally
        {
            File.Delete(trusted);
        }
    }

    [Theory]
    [InlineData("Router.Api")]
    [InlineData("Router.Worker")]
    public async Task Host_WithAnAllowListThatMeansNothing_DoesNotStart(string host)
    {
        await using var process = HostWithin.Start(host, new Dictionary<string, string>
        {
            ["Database:ConnectionString"] = "postgres://nobody@127.0.0.1:1/none", ["RabbitMq:Uri"] = "amqp://nobody@127.0.0.1:1/",
            ["Admin:Token"] = RouterFixture.AdminToken, ["Secrets:WithoutCertificate"] = "true",
            ["Network:Allow"] = "localhost, 10/8",
        });
        var ended = await Assert.ThrowsAsync<InvalidOperationException>(process.Ready);
        Assert.Contains("'10/8' is no host name", ended.Message, StringComparison.Ordinal);
    }

    private static X509Certificate2 Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
