using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace Router.Hosting;

/// <summary>
/// Which node of RabbitMQ to connect to: the first time any, so that hosts spread over all of them, then the one behind that of the last
/// try, so that a node that is gone or says nothing is tried once and not again before all others.
/// </summary>
internal sealed class BrokerNodes : IEndpointResolver
{
    /// <summary>
    /// The most that RabbitMQ can be told to take, in bytes. The client's own limit is lower, and a message above it would end each
    /// connection that it comes to: nobody could ever take it out of its queue.
    /// </summary>
    public const uint LargestMessage = 512 * 1024 * 1024;

    private readonly AmqpTcpEndpoint[] _nodes;
    private uint _last;

    public BrokerNodes(IOptions<BrokerOptions> options)
    {
        Address = BrokerAddress.Parse(options.Value.Uri);
        // Of each node a certificate with its own name is asked for.
        _nodes = [.. Address.Nodes.Select(node => new AmqpTcpEndpoint(
            node.Host, Address.PortOf(node), new SslOption(node.Host, enabled: Address.IsSecure), LargestMessage))];
        _last = (uint)Random.Shared.Next(_nodes.Length);
    }

    public BrokerAddress Address { get; }

    public IEnumerable<AmqpTcpEndpoint> All()
    {
        for (var i = 0; i < _nodes.Length; i++)
            yield return _nodes[Interlocked.Increment(ref _last) % (uint)_nodes.Length];
    }
}
