using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using Testcontainers.PostgreSql;
using Testcontainers.RabbitMq;

namespace Router.Testing;

/// <summary>A Postgres and a RabbitMQ in containers, of the versions that compose.yaml runs.</summary>
public sealed class Containers : IAsyncDisposable
{
    private readonly PostgreSqlContainer _postgres;
    private readonly RabbitMqContainer _rabbitMq;

    private Containers(Uri? engine)
    {
        var plugins = new FileInfo(Path.Combine(Repository.Root, "deploy/rabbitmq/enabled_plugins"));
        var postgres = new PostgreSqlBuilder("postgres:17").WithUsername("router").WithPassword("router")
            // A statement reads every partition of the ledger of a test's database.
            .WithCommand("-c", "max_locks_per_transaction=512", "-c", "max_connections=500");
        var rabbitMq = new RabbitMqBuilder("rabbitmq:4-management").WithUsername("router").WithPassword("router")
            .WithPortBinding(15672, true).WithResourceMapping(plugins, "/etc/rabbitmq/");
        if (engine is not null)
        {
            // One of the tests' own: it has no image of what removes containers of tests that were killed.
            postgres = postgres.WithDockerEndpoint(engine).WithCleanUp(false);
            rabbitMq = rabbitMq.WithDockerEndpoint(engine).WithCleanUp(false);
        }

        (_postgres, _rabbitMq) = (postgres.Build(), rabbitMq.Build());
    }

    public Uri Database => new($"postgres://router:router@{_postgres.Hostname}:{_postgres.GetMappedPublicPort(5432)}/postgres");

    public Broker Broker => new(
        new Uri($"amqp://router:router@{_rabbitMq.Hostname}:{_rabbitMq.GetMappedPublicPort(5672)}/"),
        new Uri($"http://{_rabbitMq.Hostname}:{_rabbitMq.GetMappedPublicPort(15672)}"));

    /// <param name="engine">Where the container engine listens; null for this machine's, as DOCKER_HOST says.</param>
    public static async Task<Containers> Start(Uri? engine = null)
    {
        var containers = new Containers(engine);
        try
        {
            await Task.WhenAll(containers._postgres.StartAsync(), containers._rabbitMq.StartAsync());
            return containers;
        }
        catch
        {
            await containers.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _postgres.DisposeAsync();
        await _rabbitMq.DisposeAsync();
    }
}
