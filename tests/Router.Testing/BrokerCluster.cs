using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Router.Testing;

/// <summary>Three RabbitMQ nodes of our own that form a cluster, each of which may die, freeze and lose the others.</summary>
public sealed class BrokerCluster : IAsyncDisposable
{
    private readonly string _directory;

    private BrokerCluster(string directory) =>
        (_directory, Nodes) = (directory, [.. Enumerable.Range(1, 3).Select(number => new BrokerNode(directory, number))]);

    public IReadOnlyList<BrokerNode> Nodes { get; }

    /// <summary>The management API of each, as the router takes it.</summary>
    public string Management => $"http://{string.Join(',', Nodes.Select(node => node.Broker.Management.Authority))}";

    /// <summary>The authority behind the nodes' certificates, in a file; only of a cluster with TLS.</summary>
    public string Authority => Path.Combine(_directory, "authority.pem");

    /// <param name="inMemory">Whether it needn't wait for the disk.</param>
    /// <param name="withTls">Whether hosts connect by TLS: each node has an address and a certificate of its own.</param>
    public static async Task<BrokerCluster> Start(bool inMemory = true, bool withTls = false)
    {
        var cluster = new BrokerCluster(ServersScript.Directory(inMemory));
        try
        {
            if (withTls)
                await cluster.MakeCertificates();
            await ServersScript.Run("", "start-cluster", cluster._directory);
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }

        foreach (var node in cluster.Nodes)
            node.Read();
        return cluster;
    }

    /// <summary>A virtual host of its own; its AMQP URL with all nodes.</summary>
    public async Task<string> CreateVirtualHost()
    {
        var first = new Uri(await Nodes[0].Broker.CreateVirtualHost());
        return Nodes[0].Secure is null
            ? $"amqp://{first.UserInfo}@{string.Join(',', Nodes.Select(node => node.Broker.Amqp.Authority))}{first.AbsolutePath}"
            : $"amqps://{first.UserInfo}@{string.Join(',', Nodes.Select(node => node.Secure))}{first.AbsolutePath}";
    }

    /// <summary>What a node that answers says of a queue; null while none does.</summary>
    public async Task<JsonElement?> Queue(string virtualHost, string name)
    {
        foreach (var node in Nodes)
        {
            try
            {
                foreach (var queue in (await node.Broker.Queues(virtualHost)).EnumerateArray())
                {
                    if (queue.GetProperty("name").GetString() == name)
                        return queue;
                }
            }
            catch (Exception away) when (away is HttpRequestException or TaskCanceledException)
            {
                // The next one may be there.
            }
        }

        return null;
    }

    /// <summary>Which node leads a queue, according to one that answers.</summary>
    public async Task<BrokerNode> Leader(string virtualHost, string queue)
    {
        var found = await Eventually.Get(
            () => Queue(virtualHost, queue), found => Leader(found) is not null, $"{queue} has a leader");
        return Nodes.Single(node => node.Name == Leader(found));
    }

    /// <summary>Until all copies of these queues are there again.</summary>
    public async Task Whole(string virtualHost, params IEnumerable<string> queues)
    {
        foreach (var queue in queues)
            await Eventually.True(
                async () => await Queue(virtualHost, queue) is { } found && found.TryGetProperty("online", out var online)
                    && online.GetArrayLength() == Nodes.Count, $"all three copies of {queue} are there", seconds: 90);
    }

    public async ValueTask DisposeAsync()
    {
        await ServersScript.Run("", "stop-cluster", _directory);
        foreach (var node in Nodes)
            node.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task MakeCertificates()
    {
        using var authority = Certificates.Authority("the authority of a cluster");
        await File.WriteAllTextAsync(Authority, authority.ExportCertificatePem());
        foreach (var node in Nodes)
            await node.MakeCertificate(authority, Authority);
    }

    private static string? Leader(JsonElement? queue) =>
        queue is { } found && found.TryGetProperty("leader", out var leader) ? leader.GetString() : null;
}

/// <summary>A node of a cluster.</summary>
public sealed class BrokerNode(string cluster, int number) : IDisposable
{
    private readonly string _directory = Path.Combine(cluster, $"{number}");

    /// <summary>As RabbitMQ calls it.</summary>
    public string Name => $"router{number}@localhost";

    public Broker Broker { get; private set; } = null!;

    /// <summary>Where it takes connections by TLS; null where it doesn't.</summary>
    public string? Secure { get; private set; }

    internal async Task MakeCertificate(X509Certificate2 authority, string authorityFile)
    {
        var address = $"127.0.0.{number}";
        using var certificate = Certificates.Make(address, authority);
        Directory.CreateDirectory(_directory);
        var file = Path.Combine(_directory, "node.pem");
        await File.WriteAllTextAsync(file, $"{certificate.ExportCertificatePem()}\n{Certificates.Key(certificate)}\n");
        Secure = $"{address}:{TestHost.FreePort()}";
        await File.WriteAllTextAsync(
            Path.Combine(_directory, "tls.conf"),
            $"""
            listeners.ssl.1 = {Secure}
            ssl_options.cacertfile = {authorityFile}
            ssl_options.certfile = {file}
            ssl_options.keyfile = {file}

            """);
    }

    internal void Read() => Broker = new Broker(
        new Uri(ServersScript.Setting(_directory, "AMQP_URL")),
        new Uri(ServersScript.Setting(_directory, "RABBITMQ_MANAGEMENT_URL")));

    /// <summary>SIGKILL.</summary>
    public Task Kill() => Command("kill-rabbitmq");

    /// <summary>As an upgrade does it.</summary>
    public Task Stop() => Command("stop-rabbitmq");

    public Task Start() => Command("start-rabbitmq");

    /// <summary>SIGSTOP: connections are accepted, and nothing comes through any.</summary>
    public Task Freeze() => Command("freeze-rabbitmq");

    public Task Thaw() => Command("thaw-rabbitmq");

    /// <summary>It and the others no longer reach each other; its clients reach it until it finds that it is in the minority.</summary>
    public Task Cut() => Command("cut-node");

    public Task Mend() => Command("mend-node");

    /// <summary>Puts a copy of a quorum queue on this node.</summary>
    public Task Grow(string virtualHost, string queue) => ServersScript.Run(
        "", "rabbitmq-queues", _directory, "grow", Name, "all", "--vhost-pattern", virtualHost, "--queue-pattern", queue);

    public void Dispose() => Broker?.Dispose();

    private Task Command(string command) => ServersScript.Run("", command, _directory);
}
