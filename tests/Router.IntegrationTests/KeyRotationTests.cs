using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dapper;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Another certificate, and other keys: docs/operators.md, Secrets.</summary>
public sealed class KeyRotationTests(TestServers servers) : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("router-keys-");

    [Fact]
    public async Task Keys_RotatedWhileTheRouterRuns_AreEnoughWithoutTheOldCertificate()
    {
        var (old, @new) = (Certificate("old"), Certificate("new"));
        await using var router = await RouterFixture.Start(servers, workers: 1, ("Secrets:CertificatePath", old));
        var site = await router.CreateSite();
        var destination = await site.AddDestination("custom", secret: "the-secret-of-a-custom-api");
        await site.Patch(destination, new
        {
            secret = "the-secret-after-a-change", headers = new Dictionary<string, string> { ["X-Key"] = "a-key-in-a-header" },
        });
        await Signed(router, site, destination, count: 1);
        // A worker makes it by itself.
        await Eventually.True(() => router.Query<bool>("select exists (select from lead_print_key)"), "the key of duplicates is made");
        var before = await Stored(router);
        var changes = await router.Query<long>("select count(*) from audit_log");
        var settings = await router.Query<DateTime>("select settings_changed_at from destinations where id = @Id", new { destination.Id });

        // The present keys alone: the old certificate is needed once more.
        var (refused, sentence) = await Rotate(router, ("Secrets:CertificatePath", @new));
        Assert.Equal(1, refused);
        Assert.Contains("Secrets:PreviousCertificatePath", sentence, StringComparison.Ordinal);
        Assert.Equal(before, await Stored(router));

        // As docs/operators.md says: all hosts know both, and go on while the keys are rotated.
        router.Settings["Secrets:CertificatePath"] = @new;
        router.Settings["Secrets:PreviousCertificatePath"] = old;
        var both = await Another(router, router.Workers[0]);
        await Signed(router, site, destination, count: 2);
        var (exitCode, output) = await Rotate(router);
        Assert.True(exitCode == 0, output);
        Assert.Contains("destinations.secret: ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("the-secret", output, StringComparison.Ordinal);

        // Nothing in the database is encrypted with a key of before, and nobody reads of a change: nothing has changed.
        Assert.Empty(before.Intersect(await Stored(router)));
        var (_, dump) = await PrivateServers.Run("pg_dump", "--inserts", "-d", router.Database);
        foreach (var value in before.Where(value => value.StartsWith("CfDJ8", StringComparison.Ordinal)))
            Assert.DoesNotContain(value[..26], dump, StringComparison.Ordinal);
        Assert.Equal(changes, await router.Query<long>("select count(*) from audit_log"));
        Assert.Equal(settings, await router.Query<DateTime>(
            "select settings_changed_at from destinations where id = @Id", new { destination.Id }));

        // A host that runs finds the new key, and one that has the new certificate alone reads everything.
        await Signed(router, site, destination, count: 3);
        router.Settings.Remove("Secrets:PreviousCertificatePath");
        await Another(router, both);
        await Signed(router, site, destination, count: 4);

        // With the old one alone nothing can be read any more.
        router.Settings["Secrets:CertificatePath"] = old;
        await using var without = HostWithin.Start("Router.Worker", router.Settings);
        await Eventually.True(
            () => without.Output.Contains("This worker takes no leads", StringComparison.Ordinal), "a worker with the old one says so");
        router.Settings["Secrets:CertificatePath"] = @new;
    }

    [Fact]
    public async Task Keys_StoredWithoutACertificate_GetOneByRotation()
    {
        await using var router = await RouterFixture.Start(servers);
        var site = await router.CreateSite();
        Assert.Contains("<masterKey", await Keys(router), StringComparison.Ordinal);
        var certificate = Certificate("first");
        router.Settings["Secrets:CertificatePath"] = certificate;
        await Another(router, router.Workers[0]);
        var (exitCode, output) = await Rotate(router);
        Assert.True(exitCode == 0, output);
        Assert.DoesNotContain("<masterKey", await Keys(router), StringComparison.Ordinal);
        await site.PostLead();
        await site.Delivery(site.LeadManager, "delivered");
    }

    /// <summary>A worker with the settings as they are now, in place of one with those of before.</summary>
    private static async Task<TestHost> Another(RouterFixture router, TestHost before)
    {
        await before.Stop();
        return await router.Within("Router.Worker").Ready();
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static Task<string> Keys(RouterFixture router) => router.Query<string>("select string_agg(xml, '') from data_protection_keys");

    private static async Task Signed(RouterFixture router, TestSite site, TestDestination destination, int count)
    {
        await site.PostLead();
        var requests = await router.Receiver.Wait(destination.Path, count);
        Assert.True(requests[count - 1].IsSignedWith("the-secret-after-a-change"));
    }

    private static async Task<List<string>> Stored(RouterFixture router)
    {
        await using var database = await router.OpenDatabase();
        return (await database.QueryAsync<string>(
            """
            select secret from destinations union select previous_secret from destinations where previous_secret is not null
            union select header_values from destinations where header_values is not null union select key from lead_print_key
            order by 1
            """)).AsList();
    }

    private static Task<(int ExitCode, string Output)> Rotate(RouterFixture router, params (string Key, string Value)[] certificates)
    {
        var settings = new Dictionary<string, string>(router.Settings, StringComparer.Ordinal);
        foreach (var (key, value) in certificates)
            settings[key] = value;
        return HostProcess.Ask("Router.Worker", settings, [], "rotate-keys");
    }

    private string Certificate(string name)
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        var path = Path.Combine(_directory.FullName, $"{name}.pem");
        File.WriteAllText(path, $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}");
        return path;
    }
}
