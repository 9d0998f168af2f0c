using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary><c>router doctor</c> with the settings of a router that runs, and with one thing wrong.</summary>
public sealed class DoctorTests(SharedRouter shared) : IClassFixture<SharedRouter>, IDisposable
{
    private readonly RouterFixture _router = shared.Router;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("router-doctor-");

    [Fact]
    public async Task Doctor_OfAGoodRouter_FindsNoProblem()
    {
        var healthy = await Ask(isRunning: true);
        Assert.True(healthy.ExitCode == 0, healthy.Output + healthy.Errors);
        // Other tests may have left something for an operator to look at: of the router itself a warning may be.
        var subjects = healthy.Json.EnumerateArray()
            .Where(finding => finding.GetProperty("gravity").GetString() == "fine"
                || finding.GetProperty("subject").GetString() == "router")
            .Select(finding => finding.GetProperty("subject").GetString()).Distinct();
        Assert.Equal(["configuration", "database", "clock", "secrets", "broker", "router"], subjects);
        Assert.Contains("Postgres", healthy.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_OfAWrongPassword_SaysWhose()
    {
        var database = new UriBuilder(_router.Settings["Database:ConnectionString"]) { Password = "not-this-one" };
        var broker = new UriBuilder(_router.Settings["RabbitMq:Uri"]) { Password = "nor-this-one" };
        var ran = await Ask(changes: [("RabbitMq:Uri", broker.Uri.AbsoluteUri)]);
        Assert.Equal(1, ran.ExitCode);
        Assert.Contains("refuses the user or password of RabbitMq:Uri", Problem(ran, "broker"), StringComparison.Ordinal);
        Assert.DoesNotContain("nor-this-one", ran.Output + ran.Errors, StringComparison.Ordinal);

        // Servers of tests may let everybody in: a role that isn't there is refused by all of them.
        database.UserName = "nobody-of-this-name";
        var refused = await Ask(changes: [("Database:ConnectionString", database.Uri.AbsoluteUri)]);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("Postgres", Problem(refused, "database"), StringComparison.Ordinal);
        Assert.DoesNotContain("not-this-one", refused.Output + refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_OfServersThatAreAway_SaysWhich()
    {
        var ran = await Ask(
            changes: [("RabbitMq:Uri", "amqp://u:p@127.0.0.1:1/v"), ("Database:ConnectionString", "postgres://u:p@127.0.0.1:1/d")]);
        Assert.Equal(1, ran.ExitCode);
        Assert.Contains("127.0.0.1:1 can't be reached", Problem(ran, "broker"), StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:1 can't be reached", Problem(ran, "database"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_OfServersElsewhere_WarnsOfLinesThatArentEncrypted()
    {
        // An address that nobody has.
        var ran = await Ask(
            changes: [("RabbitMq:Uri", "amqp://u:p@240.0.0.1:1/v"), ("Database:ConnectionString", "postgres://u:p@240.0.0.1:1/d")]);
        Assert.Contains("What goes to RabbitMQ at 240.0.0.1", ran.Output, StringComparison.Ordinal);
        Assert.Contains("What goes to Postgres at 240.0.0.1", ran.Output, StringComparison.Ordinal);
        var encrypted = await Ask(changes: [
            ("RabbitMq:Uri", "amqps://u:p@240.0.0.1:1/v"),
            ("Database:ConnectionString", "postgres://u:p@240.0.0.1:1/d?sslmode=verify-full")]);
        Assert.DoesNotContain("What goes to", encrypted.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_OfARoleThatMayDoEverything_Warns()
    {
        var ran = await Ask(changes: [("Database:ConnectionString", _router.Database)]);
        Assert.Contains("is a superuser: it can drop them and change the audit log", ran.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("audit log", (await Ask()).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_OfWrongSettings_NamesThem()
    {
        var expired = Path.Combine(_directory.FullName, "served.pem");
        using (var authority = Certificates.Authority("authority"))
        using (var certificate = Certificates.Make("leads.test", authority, from: -2, days: -1))
            await File.WriteAllTextAsync(expired, certificate.ExportCertificatePem());
        var variables = Path.Combine(_directory.FullName, "router.env");
        await File.WriteAllTextAsync(variables, "# settings\nDelivery__RequestTimeout=soon\nDelivery__RetryShedule=00:00:05\n");

        var ran = await Ask(["--env-file", variables],
            changes: [("Kestrel:Certificates:Default:Path", expired), ("Delivery:RequestTimeout", null)]);
        Assert.Equal(1, ran.ExitCode);
        Assert.Contains("has expired", Problem(ran, "certificates"), StringComparison.Ordinal);
        Assert.Contains("Delivery:RequestTimeout", Problem(ran, "configuration"), StringComparison.Ordinal);
        Assert.Contains("Is Delivery:RetrySchedule meant?", ran.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_AfterARestore_SaysWhatIsMissingAndWhoIsInTheWay()
    {
        var nowhere = Guid.NewGuid();
        var ids = Path.Combine(_directory.FullName, "ids");
        await File.WriteAllTextAsync(ids, $"{nowhere}\n");
        var ran = await Ask(["--after-restore", "--missing", ids]);
        // Its workers run.
        Assert.Equal(1, ran.ExitCode);
        Assert.Contains("lead-events", $"{ran.Json.GetProperty("consumed")}", StringComparison.Ordinal);
        Assert.Contains($"{nowhere}", $"{ran.Json.GetProperty("unknown")}", StringComparison.Ordinal);
        var refused = await Ask(["--after-restore", "--send"]);
        Assert.Equal((1, JsonValueKind.Null), (refused.ExitCode, refused.Json.GetProperty("sent").ValueKind));

        var away = await Ask(["--after-restore"], changes: [("RabbitMq:Uri", "amqp://u:p@127.0.0.1:1/v")]);
        Assert.Equal(4, away.ExitCode);
        Assert.Contains("RabbitMQ can't be looked at", away.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_OfAnotherClock_SaysHowFar()
    {
        await using var other = await Receiver.Start();
        var ran = await Ask(["--url", $"{other.Url}"]);
        Assert.Contains("something else answers there", Problem(ran, "router"), StringComparison.Ordinal);
        other.Answer("/health/ready", async (context, _) =>
        {
            context.Response.Headers.Date = TimeProvider.System.GetUtcNow().AddMinutes(-3).ToString("R");
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync("""{"status": "Healthy"}"""u8.ToArray());
        });
        var skewed = await Ask(["--url", $"{other.Url}"]);
        Assert.Equal(1, skewed.ExitCode);
        Assert.Contains("behind this machine's", Problem(skewed, "clock"), StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static string Problem(Ran ran, string subject) => ran.Json.EnumerateArray().First(finding =>
        finding.GetProperty("gravity").GetString() == "problem" && finding.GetProperty("subject").GetString() == subject)
        .GetProperty("what").GetString()!;

    private Task<Ran> Ask(string[]? arguments = null, bool isRunning = false, params (string Key, string? Value)[] changes)
    {
        var settings = new Dictionary<string, string?>(_router.Settings!, StringComparer.Ordinal);
        foreach (var (key, value) in changes)
            settings[key] = value;
        return new CommandLine(isRunning ? _router.Api.Url.AbsoluteUri : null, token: null).Run(
            settings.Where(setting => setting.Value is not null)
                .ToDictionary(setting => setting.Key.Replace(":", "__", StringComparison.Ordinal), setting => setting.Value!),
            ["doctor", "--json", .. arguments ?? []]);
    }
}
