using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Router.Testing;

namespace Router.DeployTests;

/// <summary>deploy/compose.yaml, up: under a name, on ports and with secrets of its own.</summary>
public sealed class ComposedRouter(Images images) : IAsyncLifetime
{
    private readonly string _project = $"router{Guid.NewGuid():n}"[..14];
    private readonly DirectoryInfo _secrets = Directory.CreateTempSubdirectory("router-secrets-");
    private bool _isUp;

    public Uri Api { get; } = new($"http://127.0.0.1:{TestHost.FreePort()}");

    public Uri Mail { get; } = new($"http://127.0.0.1:{TestHost.FreePort()}");

    public Uri Prometheus { get; } = new($"http://127.0.0.1:{TestHost.FreePort()}");

    public Uri Dashboard { get; } = new($"http://127.0.0.1:{TestHost.FreePort()}");

    /// <summary>Each secret by the name of its file.</summary>
    public Dictionary<string, string> Secrets { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        await images.Ready();
        var (exitCode, output) = await Shell.Run("bash", Path.Combine(Repository.Root, "deploy/secrets.sh"), _secrets.FullName);
        Assert.True(exitCode == 0, output);
        Secrets = _secrets.GetFiles()
            .ToDictionary(file => file.Name, file => File.ReadAllText(file.FullName).Trim(), StringComparer.Ordinal);
        _isUp = true;
        await Compose("up", "--detach");
        // Some tests stop hosts, which the demo needs.
        await Eventually.Equal(
            "exited", async () => (await State("demo")).GetProperty("Status").GetString(), "the demo has ended", seconds: 180);
    }

    public async ValueTask DisposeAsync()
    {
        if (_isUp)
            await Compose("down", "--volumes", "--timeout", "1");
        _secrets.Delete(recursive: true);
    }

    public string Container(string service) => $"{_project}_{service}_1";

    public async Task<JsonElement> State(string service) => (await Images.Inspect(Container(service))).GetProperty("State");

    public async Task<bool> IsHealthy(string service) =>
        (await Images.Within(["podman", "healthcheck", "run", Container(service)])).ExitCode == 0;

    public HttpClient Operator() => new()
    {
        BaseAddress = Api,
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Secrets["Admin__Token"]) },
    };

    public HttpClient Broker() => new()
    {
        BaseAddress = Dashboard,
        DefaultRequestHeaders =
        {
            Authorization = new AuthenticationHeaderValue(
                "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"router:{Secrets["rabbitmq-password"]}"))),
        },
    };

    private Task<string> Compose(params string[] arguments) => Images.Run([
        "env", $"ROUTER_TAG={Images.Tag}", $"ROUTER_SECRETS={_secrets.FullName}",
        $"ROUTER_PORT={Api.Port}", $"RABBITMQ_PORT={Dashboard.Port}", $"MAIL_PORT={Mail.Port}",
        $"PROMETHEUS_PORT={Prometheus.Port}",
        "podman-compose", "-p", _project, "-f", Path.Combine(Repository.Root, "deploy/compose.yaml"), .. arguments]);
}
