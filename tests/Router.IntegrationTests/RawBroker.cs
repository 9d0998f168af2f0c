using RabbitMQ.Client;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>Puts messages straight into queues, of any size: the management API takes none above 20 MB.</summary>
public static class RawBroker
{
    public static async Task Publish(RouterFixture router, string queue, ReadOnlyMemory<byte> message)
    {
        var factory = new ConnectionFactory { Uri = new Uri(router.Amqp) };
        await using var connection = await factory.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        await channel.BasicPublishAsync(
            "", queue, mandatory: true, new BasicProperties { Persistent = true, ContentType = "application/json" }, message);
    }
}
