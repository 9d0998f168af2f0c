namespace Router.Core.Deliveries;

/// <summary>What has become of a delivery.</summary>
public enum DeliveryState
{
    /// <summary>The receiver answered 2xx.</summary>
    Delivered,

    /// <summary>The receiver answered 406 or 410: it doesn't want this one.</summary>
    Rejected,

    /// <summary>Failed so far; tried again at its next attempt's time.</summary>
    Retrying,

    /// <summary>Waits until its destination is well again; goes on by itself.</summary>
    Held,

    /// <summary>The schedule is used up. A replay puts it back to <see cref="Retrying"/>.</summary>
    Dead,

    /// <summary>Its destination was deactivated or deleted before it could be delivered.</summary>
    Canceled,
}

/// <summary>The words for states, in <c>deliveries.state</c>, in JSON and in URLs; and what the states have in common.</summary>
public static class DeliveryStates
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<DeliveryState> All = Enum.GetValues<DeliveryState>();

    private static readonly Dictionary<string, DeliveryState> ByText = All.ToDictionary(Text, StringComparer.Ordinal);

    /// <summary>Its word.</summary>
    public static string Text(this DeliveryState state) => state switch
    {
        DeliveryState.Delivered => "delivered",
        DeliveryState.Rejected => "rejected",
        DeliveryState.Retrying => "retrying",
        DeliveryState.Held => "held",
        DeliveryState.Dead => "dead",
        DeliveryState.Canceled => "canceled",
    };

    /// <summary>The state of that word; null when there is none.</summary>
    public static DeliveryState? TryParse(string? text) => text is not null && ByText.TryGetValue(text, out var state) ? state : null;

    /// <summary>The state of a word from the ledger.</summary>
    public static DeliveryState Parse(string text) => ByText[text];

    /// <summary>Whether nothing more happens by itself; a replay can start it anew.</summary>
    public static bool IsFinished(this DeliveryState state) => state switch
    {
        DeliveryState.Delivered or DeliveryState.Rejected or DeliveryState.Dead or DeliveryState.Canceled => true,
        DeliveryState.Retrying or DeliveryState.Held => false,
    };
}
