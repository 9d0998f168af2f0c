namespace Router.Core.Alerts;

/// <summary>What may need a person. Where one thing can be in several, the later is the graver.</summary>
public enum TroubleKind
{
    /// <summary>A destination takes no leads, or too slowly: they wait and are tried again.</summary>
    Failing,

    /// <summary>A destination failed for so long that the router holds its leads.</summary>
    OnHold,

    /// <summary>A destination answers that it doesn't want any of its leads.</summary>
    RefusingAll,

    /// <summary>A destination answered 410, and the router has switched it off.</summary>
    SwitchedOff,

    /// <summary>The client certificate that a destination presents expires soon, or has expired.</summary>
    CertificateExpiring,

    /// <summary>Deliveries were given up: somebody has to send them again.</summary>
    GivenUp,

    /// <summary>A site that usually gets leads gets none.</summary>
    Silent,

    /// <summary>What a product sends is refused for its contents.</summary>
    ProductRefused,

    /// <summary>Accepted events wait in the outbox: RabbitMQ doesn't take them.</summary>
    OutboxWaiting,

    /// <summary>Accepted messages can't be taken on, and wait for an operator.</summary>
    SetAside,
}

/// <summary>The words for kinds, in <c>troubles.kind</c> and in webhooks.</summary>
public static class TroubleKinds
{
    private static readonly Dictionary<string, TroubleKind> ByText =
        Enum.GetValues<TroubleKind>().ToDictionary(Text, StringComparer.Ordinal);

    /// <summary>Its word.</summary>
    public static string Text(this TroubleKind kind) => kind switch
    {
        TroubleKind.Failing => "failing",
        TroubleKind.OnHold => "on_hold",
        TroubleKind.RefusingAll => "refusing_all",
        TroubleKind.SwitchedOff => "switched_off",
        TroubleKind.CertificateExpiring => "certificate_expiring",
        TroubleKind.GivenUp => "given_up",
        TroubleKind.Silent => "silent",
        TroubleKind.ProductRefused => "product_refused",
        TroubleKind.OutboxWaiting => "outbox_waiting",
        TroubleKind.SetAside => "set_aside",
    };

    /// <summary>The kind of a word from the database.</summary>
    public static TroubleKind Parse(string text) => ByText[text];
}
