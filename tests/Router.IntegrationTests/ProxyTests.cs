using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Deliveries through a real forward proxy, and what becomes of them while it doesn't work.</summary>
public sealed class ProxyTests(TestServers servers)
{
    private const string Password = "hidden-password";

    [Fact]
    public async Task Destinations_Named_GoThroughTheProxyAndTheOthersDirectly()
    {
        using var certificate = Certificate("localhost");
        var trusted = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.pem");
        await File.WriteAllTextAsync(trusted, certificate.ExportCertificatePem());
        try
        {
            await using var proxy = await ForwardProxy.Start(user: $"me {Password}");
            await using var receiver = await Receiver.Start(certificate: certificate);
            await using var forbidden = await Receiver.Start(certificate: certificate);
            // The API lets all of them in, as a database from before the guard might hold them; the worker doesn't.
            await using var router = await RouterFixture.StartProcesses(
                servers, workers: 0, ("Network:Allow", "127.0.0.1, localhost"), ("SSL_CERT_FILE", trusted),
                ("Proxy:Url", $"http://127.0.0.1:{proxy.Port}"), ("Proxy:Username", "me"), ("Proxy:Password", Password),
                ("Proxy:Hosts", "localhost"));
            router.Settings["Network:Allow"] =
                $"127.0.0.1:{router.Receiver.Url.Port}, 127.0.0.1:{receiver.Url.Port}, [::1]:{receiver.Url.Port}";
            await router.Host("Router.Worker").Ready();
            var site = await router.CreateSite();
            var direct = await site.AddDestination("direct");
            var inside = await site.AddDestination("inside", url: $"https://localhost:{forbidden.Url.Port}/inside");
            var secure = await site.AddDestination("secure", url: $"https://localhost:{receiver.Url.Port}/secure");

            for (var lead = 1; lead <= 3; lead++)
            {
                await site.PostLead();
                await receiver.Wait("/secure", lead);
                await router.Receiver.Wait(direct.Path, lead);
            }

            Assert.All(receiver.At("/secure"), request => Assert.True(request.IsSignedWith(secure.Secret)));
            Assert.Equal("dns_failure", (await site.Delivery(inside, "dead")).GetProperty("last_error").GetString());
            Assert.Empty(forbidden.All);
            // By its address, and once for all three leads (the test's first try of ::1 apart, where this machine has that).
            var asked = proxy.Asked.Where(to => !to.StartsWith('[')).ToList();
            Assert.Equal($"127.0.0.1:{receiver.Url.Port}", Assert.Single(asked));
            Assert.DoesNotContain(Password, router.Output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(trusted);
        }
    }

    [Fact]
    public async Task Proxy_ThatIsDown_CostsNoLeadAndNoDestinationAnything()
    {
        var port = TestHost.FreePort();
        await using var router = await Start(
            $"http://127.0.0.1:{port}", ("Alerts:Interval", "00:00:00.6"), ("Alerts:AfterTime", "00:00:01"));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("through");
        await site.PostLead();

        // The schedule of both deliveries has four attempts each.
        const string failed = "select count(*) from attempts where error = 'proxy_unreachable'";
        await Eventually.True(async () => await router.Query<long>(failed) > 8, "more attempts than the schedule has");
        Assert.Equal(0, await router.Query<long>("select count(*) from destination_failures"));
        Assert.Equal(0, await router.Query<long>("select count(*) from deliveries where state <> 'retrying'"));
        Assert.Contains($"The proxy 127.0.0.1:{port} can't be reached (ConnectionRefused)", await Health(router), StringComparison.Ordinal);
        Assert.Empty(router.Receiver.All);
        await SaysThatItIsOurs(router, site, "our proxy could not be reached", port);
        // What owners are told of a destination whose leads wait.
        await Eventually.True(
            async () => await router.Query<bool>(
                "select exists (select from troubles where kind = 'failing' and detail = 'our proxy could not be reached')"),
            "the trouble has its cause");

        await using var proxy = await ForwardProxy.Start(port);
        await router.Receiver.Wait(destination.Path, 1);
        await site.Delivery(destination, "delivered");
        await site.Delivery(site.LeadManager, "delivered");
        await Eventually.True(async () => await Health(router) is "", "the worker is well");
        Assert.Contains("works again, after", router.Output, StringComparison.Ordinal);
        await site.AssertAccountedFor(events: 1);
    }

    [Fact]
    public async Task Proxy_ThatDoesNotTakeThePassword_IsSaidAndThePasswordIsNot()
    {
        await using var proxy = await ForwardProxy.Start(user: "me another-password");
        await using var router = await Start(
            $"http://127.0.0.1:{proxy.Port}", ("Proxy:Username", "me"), ("Proxy:Password", Password));
        var site = await router.CreateSite();
        await site.PostLead();
        await Eventually.True(
            async () => await router.Query<bool>("select exists (select from deliveries where error = 'proxy_authentication')"),
            "it fails");
        const string sentence = "does not take Proxy:Username and Proxy:Password";
        var health = await Health(router);
        Assert.Contains(sentence, health, StringComparison.Ordinal);
        await Eventually.True(() => router.Output.Contains(sentence, StringComparison.Ordinal), "the log says it");
        await SaysThatItIsOurs(router, site, "our proxy did not know us", proxy.Port);
        Assert.DoesNotContain(Password, router.Output + health, StringComparison.Ordinal);
        Assert.Equal(0, await router.Query<long>("select count(*) from destination_failures"));
        Assert.Empty(router.Receiver.All);
    }

    [Fact]
    public async Task Proxy_ThatRefusesOrCannotReachAReceiver_CountsAsItsFailure()
    {
        var closed = TestHost.FreePort();
        await using var proxy = await ForwardProxy.Start(onlyPort: closed);
        await using var router = await Start($"http://127.0.0.1:{proxy.Port}");
        var site = await router.CreateSite();
        var gone = await site.AddDestination("gone", url: $"http://127.0.0.1:{closed}/");
        await site.PostLead();
        Assert.Equal("proxy_no_connection", (await site.Delivery(gone, "dead")).GetProperty("last_error").GetString());
        Assert.Equal("proxy_refused", (await site.Delivery(site.LeadManager, "dead")).GetProperty("last_error").GetString());
        Assert.Equal(2, await router.Query<long>("select count(*) from destination_failures"));
        Assert.Contains("refused to connect to the receiver (403)", router.Output, StringComparison.Ordinal);
        Assert.Equal("", await Health(router));
    }

    [Fact]
    public async Task Alerts_ToAWebhook_GoThroughTheProxy()
    {
        await using var hook = await Receiver.Start();
        await using var proxy = await ForwardProxy.Start();
        await using var router = await Start(
            $"http://127.0.0.1:{proxy.Port}", ("Alerts:WebhookUrl", new Uri(hook.Url, "/alerts").AbsoluteUri),
            ("Alerts:WebhookSecret", $"whsec_{Convert.ToBase64String(new byte[24])}"), ("Alerts:PagesUrl", "http://localhost:8080"),
            ("Alerts:Interval", "00:00:00.6"));
        var site = await router.CreateSite();
        var gone = await site.AddDestination("gone");
        router.Receiver.Answer(gone.Path, 410);
        await site.PostLead();
        await Eventually.True(() => hook.All.Count > 0, "an alert arrives");
        Assert.Contains($"127.0.0.1:{hook.Url.Port}", proxy.Asked);
    }

    private Task<RouterFixture> Start(string proxy, params (string Key, string Value)[] settings) => RouterFixture.Start(
        servers, workers: 1,
        [("Proxy:Url", proxy), ("Delivery:DeferDelay", "00:00:00.1"), ("Delivery:BreakerPause", "00:00:00.5"), .. settings]);

    /// <summary>What the worker says of the proxy; empty when it is well.</summary>
    private static async Task<string> Health(RouterFixture router)
    {
        using var http = new HttpClient();
        var health = await http.GetFromJsonAsync<JsonElement>(new Uri(router.Workers[0].Url, "/health/ready"));
        var isWell = health.GetProperty("checks").GetProperty("proxy").GetString() == "Healthy";
        return isWell ? "" : health.GetProperty("details").GetProperty("proxy").GetString()!;
    }

    private static async Task SaysThatItIsOurs(RouterFixture router, TestSite site, string summary, int port)
    {
        var tried = await router.Query<string>(
            "select event_id || '/' || destination_id from deliveries where error is not null limit 1");
        using var owner = await PageClient.SignedIn(router, "owner", site.Id);
        var page = await owner.Http.GetStringAsync($"/sites/{site.Id}/deliveries/{tried}");
        Assert.Contains(summary, page, StringComparison.Ordinal);
        Assert.Contains("our fault, not yours", page, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, page, StringComparison.Ordinal);
        Assert.DoesNotContain($"127.0.0.1:{port}", page, StringComparison.Ordinal);
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
