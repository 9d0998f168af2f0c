using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Router.Testing;

/// <summary>A RabbitMQ as its operator sees it: through the management API, as the dashboard does.</summary>
public sealed class Broker : IDisposable
{
    private readonly Uri _amqp;
    private readonly HttpClient _management;
    private readonly string _user;

    public Broker(Uri amqp, Uri management)
    {
        _amqp = amqp;
        Management = management;
        _user = amqp.UserInfo.Split(':')[0];
        _management = new HttpClient { BaseAddress = management };
        _management.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(amqp.UserInfo))));
    }

    public Uri Amqp => _amqp;

    public Uri Management { get; }

    /// <summary>Where its plugin for Prometheus answers; null where nobody knows.</summary>
    public Uri? Prometheus { get; init; }

    /// <summary>A virtual host of its own; its AMQP URL.</summary>
    public async Task<string> CreateVirtualHost()
    {
        var name = $"test-{Guid.NewGuid():N}";
        (await _management.PutAsync($"/api/vhosts/{name}", content: null)).EnsureSuccessStatusCode();
        (await _management.PutAsJsonAsync($"/api/permissions/{name}/{_user}", new { configure = ".*", write = ".*", read = ".*" }))
            .EnsureSuccessStatusCode();
        return new UriBuilder(_amqp) { Path = name }.Uri.AbsoluteUri;
    }

    /// <summary>With its queues.</summary>
    public async Task DeleteVirtualHost(string name) => (await _management.DeleteAsync($"/api/vhosts/{name}")).EnsureSuccessStatusCode();

    /// <summary>Whether it answers, and publishers aren't blocked.</summary>
    public async Task<bool> HasNoAlarm()
    {
        using var answer = await _management.GetAsync(
            "/api/health/checks/alarms", new CancellationTokenSource(TimeSpan.FromSeconds(5)).Token);
        return answer.IsSuccessStatusCode;
    }

    public async Task<JsonElement> Queues(string vhost) => await _management.GetFromJsonAsync<JsonElement>($"/api/queues/{vhost}");

    /// <summary>What "Get messages" shows, without taking them out.</summary>
    public Task<JsonElement> Peek(string vhost, string queue) => Get(vhost, queue, "ack_requeue_true");

    /// <summary>What the dashboard's "Publish message" does.</summary>
    public async Task Publish(string vhost, string queue, string payload, params IEnumerable<KeyValuePair<string, string>> headers)
    {
        var properties = new { delivery_mode = 2, content_type = "application/json",
            headers = headers.ToDictionary(StringComparer.Ordinal) };
        var message = new { properties, routing_key = queue, payload, payload_encoding = "string" };
        (await _management.PostAsJsonAsync($"/api/exchanges/{vhost}/amq.default/publish", message)).EnsureSuccessStatusCode();
    }

    /// <summary>What the dashboard's "Move messages" does: a shovel that deletes itself when the queue is empty.</summary>
    public async Task Move(string vhost, string from, string to)
    {
        var uri = $"amqp:///{vhost}";
        var shovel = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["src-uri"] = uri, ["src-queue"] = from, ["src-protocol"] = "amqp091", ["src-prefetch-count"] = 1000,
            ["src-delete-after"] = "queue-length",
            ["dest-uri"] = uri, ["dest-queue"] = to, ["dest-protocol"] = "amqp091", ["dest-add-forward-headers"] = false,
            ["ack-mode"] = "on-confirm",
        };
        (await _management.PutAsJsonAsync($"/api/parameters/shovel/{vhost}/move-{from}-{Guid.NewGuid():N}", new { value = shovel }))
            .EnsureSuccessStatusCode();
    }

    /// <summary>What a broker's keeper may set, for all queues whose names match.</summary>
    public async Task SetPolicy(string vhost, string name, string pattern, object definition) => (await _management.PutAsJsonAsync(
        $"/api/policies/{vhost}/{name}", new Dictionary<string,
        object>(StringComparer.Ordinal) { ["pattern"] = pattern, ["definition"] = definition, ["apply-to"] = "queues" }))
        .EnsureSuccessStatusCode();

    public async Task ClearPolicy(string vhost, string name) =>
        (await _management.DeleteAsync($"/api/policies/{vhost}/{name}")).EnsureSuccessStatusCode();

    public async Task DeleteQueue(string vhost, string name) =>
        (await _management.DeleteAsync($"/api/queues/{vhost}/{name}")).EnsureSuccessStatusCode();

    public async Task DeclareQueue(string vhost, string name, object arguments) =>
        (await _management.PutAsJsonAsync($"/api/queues/{vhost}/{name}", new { durable = true, arguments })).EnsureSuccessStatusCode();

    /// <summary>The names of the router's queues, and of the exchanges before them: as docs/deploy.md has them.</summary>
    public const string Names =
        "^(lead-(events|events-fresh|events-large|retries|dead-letters)|returned-leads)(_error|_skipped)?$|^Router[.]Core[.]";

    /// <summary>A user as hosts should have: it makes, writes and reads the router's own queues of one virtual host.</summary>
    public async Task CreateHostsUser(string vhost, string name, string password)
    {
        await SetPassword(name, password);
        (await _management.PutAsJsonAsync($"/api/permissions/{vhost}/{name}",
            // The default exchange is what RabbitMQ gives messages up to.
            new { configure = Names, write = $"{Names}|^amq\\.default$", read = Names })).EnsureSuccessStatusCode();
    }

    /// <summary>A user of its own, with all rights on one virtual host; the AMQP URL.</summary>
    public async Task<string> CreateUser(string vhost, string name, string password)
    {
        await SetPassword(name, password);
        await SetPermissions(vhost, name, ".*");
        return new UriBuilder(_amqp) { Path = vhost, UserName = name, Password = password }.Uri.AbsoluteUri;
    }

    public async Task SetPassword(string name, string password) =>
        (await _management.PutAsJsonAsync($"/api/users/{name}", new { password, tags = "monitoring" })).EnsureSuccessStatusCode();

    public async Task DeleteUser(string name) => (await _management.DeleteAsync($"/api/users/{name}")).EnsureSuccessStatusCode();

    /// <summary>What it may configure, write and read; an empty pattern takes everything away.</summary>
    public async Task SetPermissions(string vhost, string name, string pattern) =>
        (await _management.PutAsJsonAsync($"/api/permissions/{vhost}/{name}", new { configure = pattern, write = pattern, read = pattern }))
            .EnsureSuccessStatusCode();

    /// <summary>Ends the connections of a user, as their keeper does on the dashboard.</summary>
    public async Task CloseConnections(string user)
    {
        foreach (var connection in (await _management.GetFromJsonAsync<JsonElement>("/api/connections")).EnumerateArray())
        {
            if (connection.TryGetProperty("user", out var its) && its.GetString() == user)
                await _management.DeleteAsync($"/api/connections/{Uri.EscapeDataString(connection.GetProperty("name").GetString()!)}");
        }
    }

    /// <summary>What <c>rabbitmqctl export_definitions</c> writes: users, virtual hosts, policies, queues; no messages.</summary>
    public Task<string> Definitions() => _management.GetStringAsync("/api/definitions");

    public async Task Import(string definitions)
    {
        using var content = new StringContent(definitions, Encoding.UTF8, "application/json");
        (await _management.PostAsync("/api/definitions", content)).EnsureSuccessStatusCode();
    }

    public void Dispose() => _management.Dispose();

    private async Task<JsonElement> Get(string vhost, string queue, string mode)
    {
        var response = await _management.PostAsJsonAsync(
            $"/api/queues/{vhost}/{queue}/get", new { count = 1000, ackmode = mode, encoding = "auto" });
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
