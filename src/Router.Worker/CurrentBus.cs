using MassTransit;

namespace Router.Worker;

/// <summary>The bus that is in use at present: <see cref="BusKeeper"/> replaces one that is dead.</summary>
internal sealed class CurrentBus
{
    private volatile IBusControl? _control;

    /// <summary>Null until there is one.</summary>
    public IBusControl? Control
    {
        get => _control;
        set => _control = value;
    }

    /// <summary>Publishes and returns once RabbitMQ has it.</summary>
    /// <exception cref="InvalidOperationException">The worker isn't connected to RabbitMQ.</exception>
    public Task Publish<T>(T message, IPipe<PublishContext<T>> pipe, CancellationToken cancellationToken)
        where T : class =>
        (_control ?? throw new InvalidOperationException("The worker isn't connected to RabbitMQ."))
            .Publish(message, pipe, cancellationToken);
}
