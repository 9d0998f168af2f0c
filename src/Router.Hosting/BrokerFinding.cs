namespace Router.Hosting;

/// <summary>Something about RabbitMQ that keeps leads from moving, or would lose them.</summary>
/// <param name="What">What is so, in a sentence.</param>
/// <param name="Fix">What to do about it.</param>
/// <param name="IsDanger">Whether leads are held up or in danger; otherwise it is only good to know.</param>
internal sealed record BrokerFinding(string What, string Fix, bool IsDanger = true)
{
    public override string ToString() => $"{What} {Fix}";
}
