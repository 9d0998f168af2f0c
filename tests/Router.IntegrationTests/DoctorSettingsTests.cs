using Router.Testing;

namespace Router.IntegrationTests;

/// <summary><c>router doctor</c> checks the settings of every options class that a host binds.</summary>
public sealed class DoctorSettingsTests
{
    /// <summary>Of each options class a value that no host starts with: out of its range, or of another type.</summary>
    private static readonly Dictionary<string, (string Setting, string Value)> Wrong = new(StringComparer.Ordinal)
    {
        ["AdminOptions"] = ("Admin:Password", "short"),
        ["AlertOptions"] = ("Alerts:AfterLeads", "0"),
        ["BrokerOptions"] = ("RabbitMq:MaxMessageBytes", "many"),
        ["DatabaseOptions"] = ("Database:MaxPoolSize", "many"),
        ["DeliveryOptions"] = ("Delivery:MaxRetryAfter", "00:00:00"),
        ["HttpOptions"] = ("Http:TrustedProxies", "somewhere"),
        ["IdempotencyOptions"] = ("Incoming:KeyTimeout", "00:00:00"),
        ["IncomingOptions"] = ("Incoming:Burst", "0"),
        ["IsolationOptions"] = ("Delivery:HostLimits", "hooks.test"),
        ["LaneOptions"] = ("Delivery:Concurrency", "0"),
        ["LogOptions"] = ("Log:Format", "xml"),
        ["NetworkOptions"] = ("Network:Ports", "0"),
        ["OrderOptions"] = ("Order:Keep", "sometimes"),
        ["OutboxOptions"] = ("Outbox:CommitTimeout", "00:00:00"),
        ["PagesOptions"] = ("Pages:Notice", "\u0001"),
        ["PauseOptions"] = ("Delivery:PauseFailures", "0"),
        ["ProviderOptions"] = ("OpenIdConnect:PasswordSignIn", "off"),
        ["ProxyOptions"] = ("Proxy:Username", "a:b"),
        ["ReplayOptions"] = ("Delivery:ReplayStep", "0"),
        ["RetentionOptions"] = ("Retention:DaysAhead", "0"),
        ["RetryQueueOptions"] = ("Delivery:QueueLease", "00:00:00"),
        ["SecondFactorOptions"] = ("SecondFactor:RequiredFor", "Some"),
        ["SecretsOptions"] = ("Secrets:WithoutCertificate", "perhaps"),
        ["SessionLimitOptions"] = ("Sessions:AbsoluteLimit", "00:00:30"),
        ["SiteLimitOptions"] = ("SiteLimits:Replays", "0"),
        ["SmtpOptions"] = ("Smtp:Port", "0"),
        ["TelemetryOptions"] = ("Telemetry:PrometheusPort", "99999"),
    };

    /// <summary>All that there are, so that a new one can't be forgotten.</summary>
    public static TheoryData<string> Classes => [..
        from host in new[] { "Router.Api", "Router.Worker" }
        from assembly in new[] { "Router.Core", "Router.Hosting", host }
        from type in OptionsTests.Classes(Repository.Host(host), assembly)
        group type by type.Name into same
        select same.Key];

    [Theory]
    [MemberData(nameof(Classes))]
    public async Task Doctor_OfAWrongValue_NamesTheSetting(string options)
    {
        Assert.True(Wrong.TryGetValue(options, out var wrong), $"{options} needs a line in this test, and one in ConfigurationChecks.cs.");
        var ran = await Ask((wrong.Setting, wrong.Value));
        Assert.True(ran.ExitCode == 1, ran.Output + ran.Errors);
        Assert.Contains(ran.Json.EnumerateArray(), finding =>
            finding.GetProperty("gravity").GetString() == "problem" && finding.GetProperty("subject").GetString() == "configuration"
            && finding.GetProperty("what").GetString()!.Contains(wrong.Setting, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Doctor_OfSettingsThatAreInstalled_ReadsTheFileAndTheSecrets()
    {
        var installed = Directory.CreateTempSubdirectory("router-installed-");
        try
        {
            // A later line goes before an earlier one, as in systemd, and a file before both.
            await File.WriteAllTextAsync(Path.Combine(installed.FullName, "router.env"),
                "Admin__Email=operator@realty.test\nLog__Format=text\nLog__Format=xml\nLog__Buffer=20\n");
            var secrets = installed.CreateSubdirectory("secrets");
            await File.WriteAllTextAsync(Path.Combine(secrets.FullName, "Log__Buffer"), "1\n");
            var ran = await Ask(("ROUTER_HOST_SETTINGS", installed.FullName), ("Secrets:WithoutCertificate", null));
            var problems = ran.Json.EnumerateArray().Where(finding => finding.GetProperty("gravity").GetString() == "problem")
                .Select(finding => finding.GetProperty("what").GetString()!).ToList();
            foreach (var part in new[] { "Log:Format", "Log:Buffer", Path.Combine(secrets.FullName, "router.pem") })
                Assert.Contains(problems, problem => problem.Contains(part, StringComparison.Ordinal));

            // Told where to look, it looks nowhere else.
            var elsewhere = await Ask(("ROUTER_HOST_SETTINGS", installed.FullName), ("Settings:Directory", secrets.FullName));
            Assert.DoesNotContain("Log:Format", elsewhere.Output, StringComparison.Ordinal);
            Assert.Contains("Log:Buffer", elsewhere.Output, StringComparison.Ordinal);
        }
        finally
        {
            installed.Delete(recursive: true);
        }
    }

    private static Task<Ran> Ask(params (string Setting, string? Value)[] changes)
    {
        // Nobody listens there.
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Database:ConnectionString"] = "postgres://nobody@127.0.0.1:1/none", ["RabbitMq:Uri"] = "amqp://nobody@127.0.0.1:1/",
            ["Secrets:WithoutCertificate"] = "true",
        };
        foreach (var (setting, value) in changes)
            settings[setting] = value;
        return new CommandLine(url: null, token: null).Run(
            settings.Where(setting => setting.Value is not null)
                .ToDictionary(setting => setting.Key.Replace(":", "__", StringComparison.Ordinal), setting => setting.Value!),
            "doctor", "--json");
    }
}
