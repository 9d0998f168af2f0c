namespace Router.Core.SetAside;

/// <summary>Why a message is set aside: the values of <c>set_aside.reason</c>.</summary>
public static class SetAsideReason
{
    /// <summary>It isn't the JSON that it should be.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>It is larger than a message may be.</summary>
    public const string TooLarge = "too_large";

    /// <summary>Its site isn't in the database.</summary>
    public const string UnknownSite = "unknown_site";

    /// <summary>The database refuses this very event.</summary>
    public const string Refused = "refused";

    /// <summary>Something of ours failed on it.</summary>
    public const string Failed = "failed";

    /// <summary>It lay in an error queue of RabbitMQ.</summary>
    public const string ErrorQueue = "error_queue";
}
