namespace Router.Testing;

/// <summary>
/// A router of a class's own, whose tests leave traces that others would stumble over. It takes messages of 8 MiB, so that RabbitMQ 4,
/// which takes 16 MiB, can hold one that is too large.
/// </summary>
public sealed class OwnRouter(TestServers servers) : IAsyncLifetime
{
    public RouterFixture Router { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Router = await RouterFixture.Start(servers, workers: 1, ("RabbitMq:MaxMessageBytes", $"{8 * 1024 * 1024}"));

    public ValueTask DisposeAsync() => Router.DisposeAsync();
}
