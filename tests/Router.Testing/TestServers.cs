namespace Router.Testing;

/// <summary>
/// The Postgres and the RabbitMQ of a test run, in this order: those that environment variables point at
/// (<c>ROUTER_TEST_DATABASE_URL</c>, <c>ROUTER_TEST_AMQP_URL</c>, <c>ROUTER_TEST_RABBITMQ_MANAGEMENT_URL</c>), private ones from the
/// installed binaries, containers. Each fixture takes a fresh database and virtual host.
/// </summary>
public sealed class TestServers : IAsyncLifetime
{
    private PrivateServers? _private;
    private Containers? _containers;

    public TestServers() => SharedRouter = new(() => RouterFixture.Start(this));

    public Uri Database { get; private set; } = null!;

    public Broker Broker { get; private set; } = null!;

    /// <summary>Started by the first class that asks for it.</summary>
    public Lazy<Task<RouterFixture>> SharedRouter { get; }

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("ROUTER_TEST_DATABASE_URL") is { Length: > 0 } database)
        {
            Database = new Uri(database);
            Broker = new Broker(
                new Uri(Required("ROUTER_TEST_AMQP_URL")),
                new Uri(Required("ROUTER_TEST_RABBITMQ_MANAGEMENT_URL")));
            return;
        }

        if (await PrivateServers.AreInstalled())
        {
            _private = await PrivateServers.Start();
            (Database, Broker) = (_private.Database, _private.Broker);
            return;
        }

        _containers = await Containers.Start();
        (Database, Broker) = (_containers.Database, _containers.Broker);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (SharedRouter.IsValueCreated)
                await (await SharedRouter.Value).DisposeAsync();
        }
        catch (Exception failed)
        {
            // The runner says that something failed after the last test, and not what.
            await Console.Error.WriteLineAsync($"After the tests of the shared router: {failed.Message}");
            throw;
        }
        finally
        {
            if (_private is not null)
                await _private.DisposeAsync();
            if (_containers is not null)
                await _containers.DisposeAsync();
            await PrivateServers.EndAll();
        }
    }

    /// <summary>A database of its own, with nothing in it.</summary>
    public Task<string> CreateDatabase() => Postgres.CreateDatabase(Database);

    /// <summary>One with the schema, for a router.</summary>
    public Task<string> CreateMigratedDatabase() => MigratedDatabases.Create(Database);

    private static string Required(string name) =>
        Environment.GetEnvironmentVariable(name)
            ?? throw new InvalidOperationException($"Set {name} too, or none of the ROUTER_TEST_ variables.");
}
