using System.Diagnostics.CodeAnalysis;
using RabbitMQ.Client;

namespace Router.Benchmarks.Floor;

/// <summary>The floor's connection and its quorum queue.</summary>
internal static class FloorQueue
{
    public const string Name = "floor";

    [SuppressMessage("Reliability", "CA2000", Justification = "Open as long as the process lives.")]
    public static async Task<IChannel> Open(Uri amqp, CreateChannelOptions options)
    {
        var connection = await new ConnectionFactory { Uri = amqp }.CreateConnectionAsync();
        var channel = await connection.CreateChannelAsync(options);
        await channel.QueueDeclareAsync(Name, durable: true, exclusive: false, autoDelete: false, new Dictionary<string,
            object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" });
        return channel;
    }
}
