using MassTransit;

namespace Router.Worker;

/// <summary>The bus that is in use at present: <see cref="BusKeeper"/> replaces one that is dead.</summary>
internal sealed class CurrentBus
{
    private volatile WorkerBus? _bus;

    /// <summary>Null until there is one.</summary>
    public WorkerBus? Bus
    {
        get => _bus;
        set => _bus = value;
    }

    /// <summary>Publishes and returns once RabbitMQ has it.</summary>
    /// <exception cref="InvalidOperationException">The worker isn't connected to RabbitMQ.</exception>
    public Task Publish<T>(T message, IPipe<PublishContext<T>> pipe, CancellationToken cancellationToken)
        where T : class =>
        (_bus ?? throw new InvalidOperationException("The worker isn't connected to RabbitMQ."))
            .Publisher.Publish(message, pipe, cancellationToken);
}
