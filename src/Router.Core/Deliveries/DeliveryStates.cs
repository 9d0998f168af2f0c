namespace Router.Core.Deliveries;

/// <summary>What has become of a delivery; the values of <c>deliveries.state</c>.</summary>
public static class DeliveryStates
{
    /// <summary>The receiver answered 2xx.</summary>
    public const string Delivered = "delivered";

    /// <summary>The receiver answered 406 or 410: it doesn't want this one.</summary>
    public const string Rejected = "rejected";

    /// <summary>Failed so far; tried again at its next attempt's time.</summary>
    public const string Retrying = "retrying";

    /// <summary>Waits until its destination is well again; goes on by itself.</summary>
    public const string Held = "held";

    /// <summary>The schedule is used up. A replay puts it back to <see cref="Retrying"/>.</summary>
    public const string Dead = "dead";

    /// <summary>Its destination was deactivated or deleted before it could be delivered.</summary>
    public const string Canceled = "canceled";

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<string> All = [Delivered, Rejected, Retrying, Held, Dead, Canceled];
}
