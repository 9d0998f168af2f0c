namespace Router.Core.SetAside;

/// <summary>Why a message is set aside.</summary>
public enum SetAsideReason
{
    /// <summary>It isn't the JSON that it should be.</summary>
    Unreadable,

    /// <summary>It is larger than a message may be.</summary>
    TooLarge,

    /// <summary>Its site isn't in the database.</summary>
    UnknownSite,

    /// <summary>The database refuses this very event.</summary>
    Refused,

    /// <summary>Something of ours failed on it.</summary>
    Failed,

    /// <summary>It lay in an error queue of RabbitMQ.</summary>
    ErrorQueue,
}

/// <summary>The words for reasons, in <c>set_aside.reason</c>, in JSON and in the log.</summary>
public static class SetAsideReasons
{
    private static readonly Dictionary<string, SetAsideReason> ByText =
        Enum.GetValues<SetAsideReason>().ToDictionary(Text, StringComparer.Ordinal);

    /// <summary>Its word.</summary>
    public static string Text(this SetAsideReason reason) => reason switch
    {
        SetAsideReason.Unreadable => "unreadable",
        SetAsideReason.TooLarge => "too_large",
        SetAsideReason.UnknownSite => "unknown_site",
        SetAsideReason.Refused => "refused",
        SetAsideReason.Failed => "failed",
        SetAsideReason.ErrorQueue => "error_queue",
    };

    /// <summary>The reason of a word; null where a newer version has written one that this one doesn't know.</summary>
    public static SetAsideReason? TryParse(string text) => ByText.TryGetValue(text, out var reason) ? reason : null;
}
