using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Dapper;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.DependencyInjection;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What a dump of the database gives away: nothing.</summary>
public sealed class SecretTests(TestServers servers)
{
    [Fact]
    public async Task Dump_OfTheDatabase_GivesNoUsableSecret()
    {
        using var certificate = Certificate();
        var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "router.pem");
        await File.WriteAllTextAsync(
            path, certificate.ExportCertificatePem() + "\n" + certificate.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem());
        await using var router = await RouterFixture.Start(
            servers, workers: 1, ("Secrets:CertificatePath", path), ("Admin:Password", "the operator's own password"));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("custom", secret: "SECRET-of-a-custom-api");
        await site.Patch(destination, new { secret = "SECRET-after-a-rotation" });
        await router.Admin.PostAsync(
            "/api/integrations", Json(new { name = "i", description = "d", url = "https://x.test", secret = "SECRET-of-an-integration" }));
        using var owner = await PageClient.SignedIn(router, "owner", site.Id);
        var token = await owner.MakeToken();
        var (_, link) = await PageClient.Invite(router, "owner", site.Id);
        await site.PostLead();
        await site.Delivery(destination, "delivered");
        Assert.True((await router.Receiver.Wait(destination.Path, 1))[0].IsSignedWith("SECRET-after-a-rotation"));

        var (exitCode, dump) = await PrivateServers.Run("pg_dump", "--inserts", "-d", router.Database);
        Assert.True(exitCode == 0, dump);
        Assert.Contains("INSERT INTO public.data_protection_keys", dump, StringComparison.Ordinal);
        var basic = Encoding.UTF8.GetString(Convert.FromBase64String(site.Credentials.Parameter!)).Split(':')[1];
        foreach (var secret in new[]
        {
            "SECRET", site.LeadManager.Secret, basic, token, link.Split('/')[^1], PageClient.Password, RouterFixture.AdminToken,
            "the operator's own password",
        })
        {
            Assert.DoesNotContain(secret, dump, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(secret)), dump, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)).TrimEnd('='), dump, StringComparison.Ordinal);
        }

        // Whoever has the dump and our program, but not the certificate.
        await using var database = await router.OpenDatabase();
        var keys = (await database.QueryAsync<string>("select xml from data_protection_keys")).Select(XElement.Parse).ToList();
        var stored = await database.QuerySingleAsync<string>("select secret from destinations where id = @Id", new { destination.Id });
        Assert.ThrowsAny<CryptographicException>(() => Unprotect(keys, stored, certificate: null));
        Assert.Equal("SECRET-after-a-rotation", Unprotect(keys, stored, certificate));
    }

    [Fact]
    public async Task Secret_ThatTheKeysDontFit_FailsItsDestinationAlone()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite();
        var destination = await site.AddDestination("unreadable");
        await router.Query<object>("update destinations set secret = 'CfDJ8nonsense' where id = @Id", new { destination.Id });
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
        var dead = await site.Delivery(destination, "dead");
        Assert.Equal("invalid_secret", dead.GetProperty("last_error").GetString());
    }

    [Fact]
    public async Task Changes_ByWhomever_AreInTheAuditLogWithoutSecrets()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var site = await router.CreateSite();
        var destination = await site.AddDestination("watched");
        await site.Patch(destination, new { url = "https://elsewhere.test/", secret = "SECRET" });
        await router.Query<object>("update destinations set name = 'by hand' where id = @Id", new { destination.Id });
        var log = (await JsonSerializer.DeserializeAsync<JsonElement>(await router.Admin.GetStreamAsync($"/api/sites/{site.Id}/audit")))
            .GetProperty("items").EnumerateArray().ToList();

        Assert.StartsWith("database: ", log[0].GetProperty("actor").GetString(), StringComparison.Ordinal);
        Assert.Equal("""["watched","by hand"]""", log[0].GetProperty("changes").GetProperty("name").GetRawText());
        Assert.Equal($"{RouterFixture.OperatorsEmail} (token from configuration)", log[1].GetProperty("actor").GetString());
        Assert.Equal("\"changed\"", log[1].GetProperty("changes").GetProperty("secret").GetRawText());
        Assert.Equal("https://elsewhere.test/", log[1].GetProperty("changes").GetProperty("url")[1].GetString());
        Assert.Equal(["destinations", "destinations", "destinations", "product_sites", "sites", "destinations"],
            log.Select(entry => entry.GetProperty("kind").GetString()));
        Assert.DoesNotContain("SECRET", JsonSerializer.Serialize(log), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "SECRET", await router.Query<string>("select string_agg(l::text, '') from audit_log l"), StringComparison.Ordinal);
    }

    private static string Unprotect(List<XElement> keys, string stored, X509Certificate2? certificate)
    {
        var services = new ServiceCollection();
        var protection = services.AddDataProtection().SetApplicationName("lead-router").DisableAutomaticKeyGeneration();
        if (certificate is not null)
            protection.UnprotectKeysWithAnyCertificate(certificate);
        services.Configure<KeyManagementOptions>(options => options.XmlRepository = new Dumped(keys));
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IDataProtectionProvider>().CreateProtector("destination-secrets").Unprotect(stored);
    }

    private static X509Certificate2 Certificate()
    {
        using var key = RSA.Create(2048);
        return new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
    }

    private static StringContent Json(object value) => new(JsonSerializer.Serialize(value), Encoding.UTF8, "application/json");

    private sealed class Dumped(List<XElement> keys) : IXmlRepository
    {
        public IReadOnlyCollection<XElement> GetAllElements() => keys;

        public void StoreElement(XElement element, string friendlyName) => throw new InvalidOperationException("nothing is stored here");
    }
}
