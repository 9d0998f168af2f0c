using System.Text.Json;
using Npgsql;

namespace Router.Chaos;

/// <summary>The servers of a run: one of each kind, or several that replace each other.</summary>
/// <param name="Own">To be ended with the run; null where somebody else does that.</param>
/// <param name="Amqp">Where hosts find RabbitMQ.</param>
/// <param name="Management">And its management API.</param>
/// <param name="Database">Where they find Postgres.</param>
/// <param name="OpenDatabase">The one that can be written to.</param>
/// <param name="Queues">What RabbitMQ says of the queues of a virtual host.</param>
internal sealed record RigServers(
    IAsyncDisposable? Own, string Amqp, string Management, string Database, Func<Task<NpgsqlConnection>> OpenDatabase,
    Func<string, Task<JsonElement>> Queues)
{
    // The one of a Postgres under Patroni.
    private const string DatabaseName = "router";

    public static RigServers Of(PrivateServers servers, string amqp) => new(
        servers, amqp, servers.Broker.Management.AbsoluteUri, servers.Database.AbsoluteUri, () => Open(servers.Database),
        servers.Broker.Queues);

    public static RigServers Of(PrivateServers servers, PatroniPair databases, string amqp) => new(
        servers, amqp, servers.Broker.Management.AbsoluteUri, databases.Url(DatabaseName), () => OpenPrimary(databases),
        servers.Broker.Queues);

    public static RigServers Of(BrokerCluster brokers, PatroniPair databases, string amqp) => new(
        null, amqp, brokers.Management, databases.Url(DatabaseName), () => OpenPrimary(databases), brokers.Nodes[0].Broker.Queues);

    private static async Task<NpgsqlConnection> OpenPrimary(PatroniPair databases)
    {
        PatroniMember? primary = null;
        await Eventually.True(async () => (primary = await databases.Primary()) is not null, "there is a primary");
        return await Open(primary!.Url(DatabaseName));
    }

    private static async Task<NpgsqlConnection> Open(Uri database)
    {
        var connection = new NpgsqlConnection(Postgres.ConnectionString(database));
        await connection.OpenAsync();
        return connection;
    }
}
