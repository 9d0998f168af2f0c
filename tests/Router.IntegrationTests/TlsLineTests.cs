using System.Security.Cryptography.X509Certificates;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Whom a host tells its passwords of Postgres and RabbitMQ where its settings ask for TLS, and whom it tells nothing.</summary>
public sealed class TlsLineTests(SharedRouter shared) : IClassFixture<SharedRouter>, IDisposable
{
    private readonly RouterFixture _router = shared.Router;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("router-tls-");
    private readonly X509Certificate2 _known = Certificates.Authority("known");
    private readonly X509Certificate2 _other = Certificates.Authority("other");

    [Theory]
    [InlineData("localhost", true, true)]
    [InlineData("localhost", false, false)]
    [InlineData("elsewhere.test", true, false)]
    // It says that it has no TLS.
    [InlineData(null, true, false)]
    public async Task Postgres_WithVerifyFull_IsToldNothingWithoutItsOwnCertificateOfTheAuthority(string? name, bool isKnown, bool enters)
    {
        using var certificate = name is null ? null : Certificates.Make(name, isKnown ? _known : _other);
        var database = new UriBuilder(_router.Settings["Database:ConnectionString"]);
        await using var door = new TlsDoor(database.Uri, certificate, isPostgres: true);
        (database.Host, database.Port, database.Query) = ("localhost", door.Port, $"sslmode=verify-full&sslrootcert={await Authority()}");
        await using var api = HostWithin.Start("Router.Api", With("Database:ConnectionString", database.Uri.AbsoluteUri));
        await AssertEnters(api, door, enters);
    }

    [Theory]
    [InlineData("localhost", true, true)]
    [InlineData("localhost", false, false)]
    [InlineData("elsewhere.test", true, false)]
    public async Task RabbitMq_ByAmqps_IsToldNothingWithoutItsOwnCertificateOfAnAuthority(string name, bool isKnown, bool enters)
    {
        using var certificate = Certificates.Make(name, isKnown ? _known : _other);
        var broker = new UriBuilder(_router.Settings["RabbitMq:Uri"]);
        await using var door = new TlsDoor(broker.Uri, certificate, isPostgres: false);
        (broker.Scheme, broker.Host, broker.Port) = ("amqps", "localhost", door.Port);
        var settings = With("RabbitMq:Uri", broker.Uri.AbsoluteUri);
        // Instead of the authorities that this machine knows.
        settings["SSL_CERT_FILE"] = await Authority();
        await using var api = HostProcess.Start("Router.Api", settings);
        await AssertEnters(api, door, enters);
    }

    public void Dispose()
    {
        _known.Dispose();
        _other.Dispose();
        _directory.Delete(recursive: true);
    }

    private static async Task AssertEnters(TestHost api, TlsDoor door, bool enters)
    {
        if (enters)
        {
            await api.Ready();
            await Eventually.True(() => door.Entered > 0, "the host uses it", seconds: 60);
            Assert.Equal(0, door.Refused);
            return;
        }

        await Eventually.True(() => door.Refused > 1, "the host goes away, and comes back", seconds: 60);
        Assert.Equal(0, door.Entered);
    }

    private async Task<string> Authority()
    {
        var path = Path.Combine(_directory.FullName, "ca.pem");
        await File.WriteAllTextAsync(path, _known.ExportCertificatePem());
        return path;
    }

    private Dictionary<string, string> With(string key, string value) =>
        new(_router.Settings, StringComparer.Ordinal) { [key] = value };
}
