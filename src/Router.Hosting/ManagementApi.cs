using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Router.Hosting;

/// <summary>RabbitMQ's management API, read with the credentials of the AMQP connection.</summary>
internal sealed class ManagementApi : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _virtualHost;
    private readonly IReadOnlyList<Uri> _nodes;
    private volatile int _current;

    public ManagementApi(IOptions<BrokerOptions> options)
    {
        var broker = BrokerAddress.Parse(options.Value.Uri);
        _virtualHost = Uri.EscapeDataString(broker.VirtualHost);
        _nodes = options.Value.ManagementUri is { Length: > 0 } addresses ? BrokerAddress.Each(addresses)
            : [.. broker.Nodes.Select(node => new UriBuilder(broker.IsSecure ? "https" : "http", node.Host, 15672).Uri)];
        _http = new HttpClient(
            new SocketsHttpHandler { UseProxy = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) })
        {
            Timeout = TimeSpan.FromSeconds(5),
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{broker.User}:{broker.Password}")));
    }

    /// <summary>Where it is looked for.</summary>
    public string Address => string.Join(", ", _nodes.Select(node => $"{node.Host}:{node.Port}"));

    /// <summary>RabbitMQ's version.</summary>
    /// <exception cref="HttpRequestException">It isn't there, or refuses this user.</exception>
    public async Task<string?> Version(CancellationToken cancellationToken) =>
        (await Get("api/overview", cancellationToken)).TryGetProperty("rabbitmq_version", out var version) ? version.GetString() : null;

    /// <summary>The queues of the router's virtual host.</summary>
    /// <exception cref="HttpRequestException">It isn't there, or refuses this user.</exception>
    public Task<JsonElement> Queues(CancellationToken cancellationToken) => Get($"api/queues/{_virtualHost}", cancellationToken);

    /// <summary>The policies of the router's virtual host, and those that its keeper set over them.</summary>
    /// <exception cref="HttpRequestException">It isn't there, or refuses this user.</exception>
    public async Task<QueuePolicies> Policies(CancellationToken cancellationToken) => new(
        await Get($"api/policies/{_virtualHost}", cancellationToken),
        await Get($"api/operator-policies/{_virtualHost}", cancellationToken));

    /// <summary>Whether there is an alarm of memory or disk, which blocks whoever publishes.</summary>
    /// <exception cref="HttpRequestException">It isn't there, or refuses this user.</exception>
    public async Task<bool> HasAlarm(CancellationToken cancellationToken)
    {
        using var answer = await Ask("api/health/checks/alarms", cancellationToken);
        if (answer.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable)
            return true;

        answer.EnsureSuccessStatusCode();
        return false;
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> Get(string path, CancellationToken cancellationToken)
    {
        using var answer = await Ask(path, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
    }

    /// <summary>Any node knows of all; the one that answered last is asked again, and the next where it doesn't.</summary>
    private async Task<HttpResponseMessage> Ask(string path, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var current = _current;
            try
            {
                return await _http.GetAsync(new Uri(_nodes[current], path), cancellationToken);
            }
            catch (Exception away) when (away is HttpRequestException or TaskCanceledException
                && tries < _nodes.Count && !cancellationToken.IsCancellationRequested)
            {
                _current = (current + 1) % _nodes.Count;
            }
        }
    }
}
