#if TESTCONTAINERS
using Testcontainers.PostgreSql;
using Testcontainers.RabbitMq;

namespace Router.Testing;

public static class Containers
{
    public static async Task<(Uri Database, Broker Broker)> Start()
    {
        var postgres = new PostgreSqlBuilder().WithImage("postgres:15").WithUsername("router").WithPassword("router").Build();
        var rabbit = new RabbitMqBuilder().WithImage("rabbitmq:3-management").WithUsername("router").WithPassword("router")
            .WithPortBinding(15672, true)
            .WithCommand("sh", "-c", "rabbitmq-plugins enable --offline rabbitmq_shovel rabbitmq_shovel_management && exec rabbitmq-server")
                .Build();
        await Task.WhenAll(postgres.StartAsync(), rabbit.StartAsync());
        return (
            new Uri($"postgres://router:router@{postgres.Hostname}:{postgres.GetMappedPublicPort(5432)}/postgres"),
            new Broker(
                new Uri($"amqp://router:router@{rabbit.Hostname}:{rabbit.GetMappedPublicPort(5672)}/"),
                new Uri($"http://{rabbit.Hostname}:{rabbit.GetMappedPublicPort(15672)}")));
    }
}
#endif
