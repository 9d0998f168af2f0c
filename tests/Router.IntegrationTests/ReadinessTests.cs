using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Dapper;
using Npgsql;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>A host that can't do its work isn't ready, and says why.</summary>
public sealed class ReadinessTests(TestServers servers)
{
    [Fact]
    public async Task Host_WithoutTheCertificate_IsNotReadyTakesNoLeadsAndMakesNoKey()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "router.pem");
        await File.WriteAllTextAsync(path, Certificate());
        await using var router = await RouterFixture.Start(servers, workers: 0, ("Secrets:CertificatePath", path));
        var site = await router.CreateSite();
        var keys = await router.Query<int>("select count(*)::int from data_protection_keys");
        var without = router.Settings.Where(setting => setting.Key != "Secrets:CertificatePath").ToDictionary(StringComparer.Ordinal);

        await using (var api = HostWithin.Start("Router.Api", without))
        await using (var worker = HostWithin.Start("Router.Worker", without))
        {
            await site.PostLead();
            var (status, health) = await Eventually.Get(
                () => Health(api), answer => answer.Status is not null, "the API answers", seconds: 60);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            Assert.Equal("Unhealthy", health.GetProperty("checks").GetProperty("secrets").GetString());
            Assert.Contains("Secrets:CertificatePath", health.GetProperty("details").GetProperty("secrets").GetString(),
                StringComparison.Ordinal);
            await Eventually.True(
                () => worker.Output.Contains("This worker takes no leads", StringComparison.Ordinal), "the worker says so", seconds: 60);
            Assert.Empty(router.Receiver.At(site.LeadManager.Path));
        }

        Assert.Equal(keys, await router.Query<int>("select count(*)::int from data_protection_keys"));
        await router.Host("Router.Worker").Ready();
        await site.Delivery(site.LeadManager, "delivered");
    }

    [Fact]
    public async Task Database_ThatCanOnlyBeRead_IsSeenByBothHostsAndCostsNoLead()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite();
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        var worker = router.Workers[0];
        var (before, healthy) = await Health(worker);
        Assert.Equal((HttpStatusCode.OK, "Healthy"), (before, healthy.GetProperty("status").GetString()));

        await using var database = await router.OpenDatabase();
        await ReadOnly(database, "on");
        await Eventually.Get(() => Health(worker), answer => SaysReadOnly(answer.Body), "the worker says so");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Health(worker)).Status);
        var (status, api) = await Eventually.Get(() => Health(router.Api), answer => SaysReadOnly(answer.Body), "the API says so");
        // It goes on taking leads.
        Assert.Equal((HttpStatusCode.OK, "Degraded"), (status, api.GetProperty("status").GetString()));
        for (var i = 0; i < 20; i++)
            await site.PostLead();

        await ReadOnly(database, "off");
        await Eventually.True(async () =>
            await router.Query<int>("select count(*)::int from deliveries where state = 'delivered'") == 21, "all are delivered",
            seconds: 60);
        await router.AssertNothingPutAside();
        await Eventually.Get(() => Health(worker), answer => answer.Status is HttpStatusCode.OK, "the worker is well again");
    }

    private static async Task ReadOnly(NpgsqlConnection database, string state)
    {
        await database.ExecuteAsync($"""
            set default_transaction_read_only = off;
            do $$ begin execute format('alter database %I set default_transaction_read_only = {state}', current_database()); end $$
            """);
        await database.ExecuteAsync(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
    }

    private static bool SaysReadOnly(JsonElement health) => health.ValueKind is JsonValueKind.Object
        && health.GetProperty("details").TryGetProperty("postgres", out var words)
            && words.GetString()!.Contains("can be read but not written", StringComparison.Ordinal);

    private static async Task<(HttpStatusCode? Status, JsonElement Body)> Health(TestHost host)
    {
        using var http = new HttpClient();
        try
        {
            using var answer = await http.GetAsync(new Uri(host.Url, "/health/ready"));
            return (answer.StatusCode, JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync()));
        }
        catch (HttpRequestException)
        {
            return (null, default);
        }
    }

    private static string Certificate()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        return $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}";
    }
}
