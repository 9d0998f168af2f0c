using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The README's first command, as its reader runs it.</summary>
public sealed class StartScriptTests : IAsyncLifetime
{
    private static readonly string[] Promised =
    [
        "ROUTER_URL", "ROUTER_ADMIN_TOKEN", "DATABASE_URL", "AMQP_URL", "RABBITMQ_MANAGEMENT_URL", "RABBITMQ_USER", "RABBITMQ_PASSWORD",
        "DEMO_SITE",
        "DEMO_USER", "DEMO_PASSWORD", "DEMO_DESTINATION", "RECEIVER_URL", "API_PID", "WORKER_PID", "RABBITMQ_PID", "POSTGRES_PID",
    ];

    // Nobody but us may enter it, as with any mktemp -d: Postgres, which runs as another user under root, must cope.
    private readonly string _directory = Directory.CreateTempSubdirectory("lead router start ").FullName;

    /// <summary>As it can be pasted into a shell.</summary>
    private string Pasted => _directory.Replace(" ", "\\ ", StringComparison.Ordinal);

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync()
    {
        await Shell.Run("bash", Script("stop.sh"), "--remove", "--dir", _directory);
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Start_ThenStopThenStart_ShowsSignedLeadsAndKeepsItsData()
    {
        var port = TestHost.FreePort();
        await using var processes = new ProcessWatch();
        var (exitCode, output) = await Start(port);
        Assert.True(exitCode == 0, output);
        AssertSecretsAreInFilesOnly(await processes.Seen());
        Assert.Contains("Demo: everything is on this machine", await new HttpClient().GetStringAsync($"http://127.0.0.1:{port}/sign-in"),
            StringComparison.Ordinal);
        Assert.Equal(2, output.Split('\n').Count(line => line == "signature verified"));
        var first = Settings();
        Assert.All(Promised, name => Assert.NotEmpty(first[name]));
        Assert.Equal($"http://127.0.0.1:{port}", first["ROUTER_URL"]);
        Assert.All(Pids(first), pid => Assert.True(Directory.Exists($"/proc/{pid}"), $"process {pid}"));
        Assert.Equal("1", (await PrivateServers.Run("psql", first["DATABASE_URL"], "-tAc", "select count(*) from lead_events"))
            .Output.Trim());

        Assert.Contains($"\n  . {Pasted}/env\n", output, StringComparison.Ordinal);
        Assert.Contains($"deploy/stop.sh --dir {Pasted}\n", output, StringComparison.Ordinal);
        await AssertLeadsAreNotForEverybody();
        await AssertOnlyTheDemosReceiverIsAllowed(first);
        await AssertPrometheusCanReadIt();

        // A second one in the same place, or at the same port, is refused with a sentence and leaves the first alone.
        Assert.Contains("already runs", (await Start(TestHost.FreePort())).Output, StringComparison.Ordinal);

        Assert.Equal(0, (await Shell.Run("bash", Script("stop.sh"), "--dir", _directory)).ExitCode);
        Assert.All(Pids(first), pid => Assert.False(IsAlive(pid), $"process {pid} still runs"));

        (exitCode, output) = await StartWhatIsBuilt(port);
        Assert.True(exitCode == 0, output);
        var second = Settings();
        Assert.Equal((first["DEMO_SITE"], first["DEMO_PASSWORD"]), (second["DEMO_SITE"], second["DEMO_PASSWORD"]));
        Assert.Equal("2", (await PrivateServers.Run("psql", second["DATABASE_URL"], "-tAc", "select count(*) from lead_events"))
            .Output.Trim());
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{second["DEMO_USER"]}:{second["DEMO_PASSWORD"]}")));
        using var lead = new StringContent("""{"source":"s","email":"a@b.c"}""", Encoding.UTF8, "application/json");
        Assert.Equal(201, (int)(await http.PostAsync($"{second["ROUTER_URL"]}/rest/sites/{second["DEMO_SITE"]}/leads", lead)).StatusCode);
    }

    [Fact]
    public async Task Start_PortInUse_SaysSoAndStartsNothing()
    {
        using var taken = new TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var (exitCode, output) = await Start(((System.Net.IPEndPoint)taken.LocalEndpoint).Port);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("is in use; choose another one with --port", output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_directory, "servers.env")));
    }

    [Fact]
    public async Task Start_RouterCannotRun_SaysWhereToLookAndLeavesNothingRunning()
    {
        // The worker refuses such a configuration; the servers are up by then and must go down again.
        var (exitCode, output) = await StartWhatIsBuilt(TestHost.FreePort(), ("Delivery__RetrySchedule", "00:00:00"));
        Assert.NotEqual(0, exitCode);
        Assert.Contains($"did not come up; see {Pasted}/logs/", output, StringComparison.Ordinal);
        Assert.All(Pids(Settings()), pid => Assert.False(IsAlive(pid), $"process {pid} still runs"));
    }

    [Theory]
    [InlineData("--port", "none")]
    [InlineData("--nonsense", "")]
    public async Task Start_OptionThatMakesNoSense_IsRefused(string option, string value) =>
        Assert.NotEqual(0, (await Shell.Run("bash", Script("start.sh"), option, value, "--dir", _directory)).ExitCode);

    [Fact]
    public async Task Servers_OfAnUnknownName_AreRefused()
    {
        var (exitCode, output) = await Shell.Run("env", "ROUTER_SERVERS=debian99", "bash", Script("servers.sh"), "start", _directory);
        Assert.NotEqual(0, exitCode);
        Assert.Equal("ROUTER_SERVERS is 'debian99'; it can be debian13, or empty for this machine's own servers.", output.Trim());
    }

    // As the two servers do when they are started side by side; once they lost each other's process ids, or failed.
    [Fact]
    public async Task Settings_NotedAtTheSameTime_AreAllKept()
    {
        var (exitCode, output) = await Shell.Run(
            "bash",
            "-c",
            """
            . "$1"
            for name in {1..40}; do (setting "$2/noted" "NAME_$name" "$name") & noting+=($!); done
            for process in "${noting[@]}"; do wait "$process"; done
            """,
            "bash",
            Script("servers.sh"),
            _directory);
        Assert.True(exitCode == 0, output);
        Assert.Equal(
            Enumerable.Range(1, 40).Select(name => $"NAME_{name}={name}").Order(StringComparer.Ordinal),
            File.ReadLines(Path.Combine(_directory, "noted")).Order(StringComparer.Ordinal));
    }

    /// <summary>Logs and the servers' files hold leads; who else is on this machine may list what runs, and no more.</summary>
    private async Task AssertLeadsAreNotForEverybody()
    {
        var (_, readable) = await Shell.Run(
            "find", _directory, "-path", $"{_directory}/app", "-prune", "-o", "-perm", "/o+rw", "-not", "-type", "l", "-print");
        Assert.Equal("", readable);
    }

    private async Task AssertPrometheusCanReadIt()
    {
        var file = Path.Combine(_directory, "prometheus.yml");
        var (exitCode, output) = await Shell.Run("promtool", "check", "config", file);
        Assert.True(exitCode == 0, output);
        var quick = Path.Combine(_directory, "quick.yml");
        await File.WriteAllTextAsync(quick, (await File.ReadAllTextAsync(file)).Replace("15s", "3s", StringComparison.Ordinal));
        await using var prometheus = await Prometheus.Start(quick);
        // In a directory with blanks RabbitMQ 3.10 can't measure its disk, and answers 'NaN' for it, which Prometheus can't read.
        // ComposeTests has RabbitMQ's.
        await Eventually.Equal(
            (double?)2, () => prometheus.Value("count(up{job=~\"lead-router-.*\"} == 1)"), "API and worker are read");
        Assert.Equal(AlertRules.All().Select(rule => rule.Name).ToHashSet(StringComparer.Ordinal), await prometheus.Alerts());
    }

    /// <summary>A command line is for everybody to read, and what stands in the environment goes to each process that one starts.</summary>
    private void AssertSecretsAreInFilesOnly(string seen)
    {
        Assert.Contains("Router.Api.dll", seen, StringComparison.Ordinal);
        Assert.Contains("Settings__Directory", seen, StringComparison.Ordinal);
        var secrets = File.ReadLines(Path.Combine(_directory, "private")).Select(line => line.Split('=', 2)[1])
            .Append(Settings()["DEMO_PASSWORD"]).ToList();
        Assert.True(secrets.Count >= 8);
        Assert.All(secrets, secret => Assert.False(seen.Contains(secret, StringComparison.Ordinal), "a secret was seen"));
    }

    private static async Task AssertOnlyTheDemosReceiverIsAllowed(Dictionary<string, string> settings)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", settings["ROUTER_ADMIN_TOKEN"]);
        foreach (var (name, status) in new[] { ("WORKER_URL", 422), ("RABBITMQ_MANAGEMENT_URL", 422), ("RECEIVER_URL", 201) })
        {
            using var answer = await http.PostAsJsonAsync(
                $"{settings["ROUTER_URL"]}/api/sites/{settings["DEMO_SITE"]}/destinations",
                new { name, url = $"{settings[name]}/{name}", secret = "a secret", active = false });
            Assert.Equal((name, status), (name, (int)answer.StatusCode));
        }
    }

    private static string Script(string name) => Path.Combine(Repository.Root, "deploy", name);

    private Task<(int ExitCode, string Output)> Start(int port) =>
        Shell.Run("bash", Script("start.sh"), "--detach", "--dir", _directory, "--port", $"{port}");

    private Task<(int ExitCode, string Output)> StartWhatIsBuilt(int port, params (string Key, string Value)[] environment) => Shell.Run(
        "env", [.. environment.Select(pair => $"{pair.Key}={pair.Value}"), "bash", Script("start.sh"), "--no-build", "--detach", "--dir",
            _directory, "--port", $"{port}"]);

    private Dictionary<string, string> Settings() => new[] { "servers.env", "env" }
        .SelectMany(file => File.ReadLines(Path.Combine(_directory, file)))
        .Select(line => line.Split('=', 2))
        .GroupBy(pair => pair[0], pair => pair[1], StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal);

    private static IEnumerable<int> Pids(Dictionary<string, string> settings) => settings
        .Where(pair => pair.Key.EndsWith("_PID", StringComparison.Ordinal))
        .Select(pair => int.Parse(pair.Value, System.Globalization.CultureInfo.InvariantCulture));

    // A process that ended but that nobody waited for is still listed, without a command line.
    private static bool IsAlive(int pid) => File.Exists($"/proc/{pid}/cmdline") && File.ReadAllText($"/proc/{pid}/cmdline").Length > 0;
}
