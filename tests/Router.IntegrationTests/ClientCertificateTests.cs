using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Receivers that let in only whoever presents a certificate (mTLS), by real TLS with a real process of a worker.</summary>
public sealed class ClientCertificateTests(TestServers servers) : IDisposable
{
    private readonly X509Certificate2 _server = Certificates.Make("localhost");
    private readonly X509Certificate2 _authority = Certificates.Authority("clients");
    private readonly string _trusted = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.pem");

    public void Dispose()
    {
        File.Delete(_trusted);
        _server.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public async Task Receiver_ThatDemandsACertificate_GetsTheDestinationsOwnAndNobodyElses()
    {
        await File.WriteAllTextAsync(_trusted, _server.ExportCertificatePem());
        await using var router = await RouterFixture.StartProcesses(
            servers, workers: 1, ("SSL_CERT_FILE", _trusted), ("Network:Allow", "127.0.0.1, localhost"), ("Alerts:Interval", "00:00:00.6"));
        await using var receiver = await Receiver.Start(certificate: _server, clients: _authority);
        string Url(string path) => $"https://localhost:{receiver.Url.Port}{path}";
        using var stranger = Certificates.Make("stranger");
        using var first = Certificates.Make("first", _authority);
        using var second = Certificates.Make("second", _authority, days: 10);
        var site = await router.CreateSite();
        var one = await site.AddDestination("one", url: Url("/one"));
        var two = await site.AddDestination("two", url: Url("/two"));
        // Kestrel breaks off without a word; OpenSSL, by which most receivers speak TLS, says why.
        using var strict = await StrictServer.Start(_trusted, _server, _authority);
        var none = await site.AddDestination("none", url: $"https://localhost:{strict.Port}/");
        var unknown = await site.AddDestination("unknown", url: $"https://localhost:{strict.Port}/");
        var silent = await site.AddDestination("silent", url: Url("/silent"));
        var shown = (await Present(site, one, first)).GetProperty("client_certificate");
        Assert.Equal(
            ("CN=first", "CN=clients", Fingerprint(first), new DateTimeOffset(first.NotAfter.ToUniversalTime())),
            (shown.GetProperty("subject").GetString(), shown.GetProperty("issuer").GetString(), shown.GetProperty("sha256").GetString(),
                shown.GetProperty("expires_at").GetDateTimeOffset()));
        await Present(site, two, second);
        await Present(site, unknown, stranger);

        await site.PostLead();
        await site.Delivery(none, "dead");
        await site.Delivery(unknown, "dead");
        await Eventually.True(
            async () =>
            {
                await site.PostLead();
                return receiver.At("/one").Count > 0 && receiver.At("/two").Count > 0;
            },
            "both get leads");
        Assert.All(receiver.At("/one"), request =>
        {
            Assert.Equal(Fingerprint(first), request.ClientCertificate);
            Assert.True(request.IsSignedWith(one.Secret));
        });
        Assert.All(receiver.At("/two"), request => Assert.Equal(Fingerprint(second), request.ClientCertificate));
        Assert.Empty(receiver.At("/silent"));
        Assert.Equal("connection_lost", (await site.Delivery(silent, "dead")).GetProperty("last_error").GetString());
        Assert.Equal("tls_client_certificate", (await site.Delivery(none, "dead")).GetProperty("last_error").GetString());
        Assert.Equal("tls_client_certificate_refused", (await site.Delivery(unknown, "dead")).GetProperty("last_error").GetString());

        // Another certificate: new connections; none: none.
        await Present(site, one, second);
        await Eventually.True(
            async () =>
            {
                await site.PostLead();
                return receiver.At("/one")[^1].ClientCertificate == Fingerprint(second);
            },
            "the new certificate is presented");
        var removed = await site.Patch(one, new { client_certificate = new { } });
        Assert.Equal(JsonValueKind.Null, removed.GetProperty("client_certificate").ValueKind);
        await Eventually.True(
            async () =>
            {
                await site.PostLead();
                return (await site.Deliveries()).GetProperty("items").EnumerateArray().Any(item =>
                    item.GetProperty("destination_id").GetGuid() == one.Id
                    && item.GetProperty("last_error").GetString() == "connection_lost");
            },
            "nothing is presented any more");

        // The one that expires in ten days needs attention, and says so where people look.
        using var owner = await PageClient.SignedIn(router, "owner", site.Id);
        await Eventually.True(
            async () => (await owner.Http.GetStringAsync($"/sites/{site.Id}")).Contains(
                "The client certificate for two expires in 9 days", StringComparison.Ordinal),
            "the site's page says that it expires");
        Assert.Contains(
            "The client certificate is valid until", await owner.Http.GetStringAsync($"/sites/{site.Id}/destinations/{two.Id}"),
            StringComparison.Ordinal);
        Assert.Contains(
            "is presented, valid until", await owner.Http.GetStringAsync($"/sites/{site.Id}/destinations/{two.Id}"),
            StringComparison.Ordinal);

        // The key is nowhere to be seen.
        var key = Certificates.Key(second).Split('\n')[1];
        foreach (var page in new[] { "/changes", $"/destinations/{two.Id}/headers", $"/destinations/{two.Id}/certificate" })
            Assert.DoesNotContain(key, await owner.Http.GetStringAsync($"/sites/{site.Id}{page}"), StringComparison.Ordinal);
        Assert.DoesNotContain(key, await router.Admin.GetStringAsync($"/api/sites/{site.Id}/destinations"), StringComparison.Ordinal);
        Assert.DoesNotContain(key, router.Output, StringComparison.Ordinal);
        Assert.False(await router.Query<bool>(
            "select exists (select from destinations d where d::text like '%' || @key || '%') "
            + "or exists (select from audit_log where changes::text like '%' || @key || '%')", new { key }));
    }

    [Fact]
    public async Task Certificate_ThatCannotBeUsed_IsRefusedAtItsField()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var site = await router.CreateSite();
        var destination = await site.AddDestination("strict");
        var path = $"/api/sites/{site.Id}/destinations/{destination.Id}";
        using var good = Certificates.Make("client", _authority);
        using var old = Certificates.Make("client", _authority, days: -1);
        foreach (var (chain, key, field) in new[]
        {
            ("none", Certificates.Key(good), "client_certificate.chain"),
            (old.ExportCertificatePem(), Certificates.Key(old), "client_certificate.chain"),
            (good.ExportCertificatePem(), Certificates.Key(old), "client_certificate.private_key"),
            (good.ExportCertificatePem(), "", "client_certificate.private_key"),
        })
        {
            using var refused = await router.Admin.PatchAsJsonAsync(
                path, new { client_certificate = new { chain, private_key = key } });
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            var text = await refused.Content.ReadAsStringAsync();
            Assert.True(JsonSerializer.Deserialize<JsonElement>(text).GetProperty("errors").TryGetProperty(field, out _), text);
        }

        await Present(site, destination, good);
        using var elsewhere = await router.Admin.PatchAsJsonAsync(path, new { url = "https://elsewhere.test/leads" });
        Assert.Equal(HttpStatusCode.Conflict, elsewhere.StatusCode);
        Assert.Contains("client certificate must not go there", await elsewhere.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_OnItsPage_IsEnteredShownAndTakenAway()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var site = await router.CreateSite();
        var destination = await site.AddDestination("bank");
        var (_, link) = await PageClient.Invite(router, "owner", site.Id);
        using var browser = new Browserless(router.Api.Url);
        await browser.Submit(await browser.Get(link), "Save and sign in", ("password", PageClient.Password));
        var path = $"/sites/{site.Id}/destinations/{destination.Id}/certificate";
        using var good = Certificates.Make("client", _authority);
        using var other = Certificates.Make("other", _authority);
        var (chain, key) = (good.ExportCertificatePem(), Certificates.Key(good));

        var wrong = await browser.Submit(
            await browser.Get(path), "Save", ("client_certificate.chain", chain),
            ("client_certificate.private_key", Certificates.Key(other)));
        Assert.Contains("doesn't belong to the certificate", wrong.Error("client_certificate.private_key"), StringComparison.Ordinal);
        // What is no secret is still there; a key never, wherever it was pasted.
        Assert.Contains("BEGIN CERTIFICATE", wrong.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(Certificates.Key(other).Split('\n')[1], wrong.Html, StringComparison.Ordinal);
        wrong = await browser.Submit(
            wrong, "Save", ("client_certificate.chain", $"{Certificates.Key(other)}\n{chain}"), ("client_certificate.private_key", ""));
        Assert.Equal(422, wrong.Status);
        Assert.DoesNotContain(Certificates.Key(other).Split('\n')[1], wrong.Html, StringComparison.Ordinal);

        var saved = await browser.Submit(
            wrong, "Save", ("client_certificate.chain", chain), ("client_certificate.private_key", key));
        Assert.Contains("The certificate is presented from now on", saved.Text, StringComparison.Ordinal);
        Assert.Contains("We present the certificate of CN=client", saved.Text, StringComparison.Ordinal);
        var page = await browser.Get(path);
        Assert.Contains(Fingerprint(good), page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(key.Split('\n')[1], page.Html, StringComparison.Ordinal);
        saved = await browser.Submit(page, "Take it away");
        Assert.Contains("No certificate is presented any more", saved.Text, StringComparison.Ordinal);
        Assert.Contains(
            "client certificate's fingerprint", (await browser.Get($"/sites/{site.Id}/changes")).Text, StringComparison.Ordinal);
    }

    /// <summary>A server of OpenSSL's that wants a certificate of its authority.</summary>
    private sealed class StrictServer(Process process, string files) : IDisposable
    {
        public int Port { get; private init; }

        public static async Task<StrictServer> Start(string files, X509Certificate2 own, X509Certificate2 authority)
        {
            using (var free = new TcpListener(IPAddress.Loopback, 0))
            {
                free.Start();
                var port = ((IPEndPoint)free.LocalEndpoint).Port;
                await File.WriteAllTextAsync($"{files}.own", $"{own.ExportCertificatePem()}\n{Certificates.Key(own)}");
                await File.WriteAllTextAsync($"{files}.clients", authority.ExportCertificatePem());
                free.Stop();
                var process = Process.Start(new ProcessStartInfo(
                    "openssl",
                    ["s_server", "-accept", $"127.0.0.1:{port}", "-cert", $"{files}.own", "-key", $"{files}.own", "-CAfile",
                        $"{files}.clients", "-Verify", "1", "-verify_return_error", "-quiet", "-www"])
                {
                    UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
                })!;
                _ = process.StandardOutput.ReadToEndAsync();
                _ = process.StandardError.ReadToEndAsync();
                await Eventually.True(async () => await Listens(port), "OpenSSL listens");
                return new StrictServer(process, files) { Port = port };
            }
        }

        public void Dispose()
        {
            process.Kill();
            process.Dispose();
            File.Delete($"{files}.own");
            File.Delete($"{files}.clients");
        }

        private static async Task<bool> Listens(int port)
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }
    }

    private static Task<JsonElement> Present(TestSite site, TestDestination destination, X509Certificate2 certificate) =>
        site.Patch(destination, new
        {
            client_certificate = new { chain = certificate.ExportCertificatePem(), private_key = Certificates.Key(certificate) },
        });

    private static string Fingerprint(X509Certificate2 certificate) =>
        Convert.ToHexStringLower(certificate.GetCertHash(HashAlgorithmName.SHA256));
}
