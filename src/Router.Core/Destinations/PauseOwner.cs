namespace Router.Core.Destinations;

/// <summary>Who paused a destination, and so who ends it.</summary>
public enum PauseOwner
{
    /// <summary>A person: until somebody resumes it.</summary>
    Owner,

    /// <summary>The router, as it kept failing: until a probe gets through.</summary>
    Router,
}

/// <summary>The words for them, in <c>destinations.paused_by</c> and in JSON.</summary>
public static class PauseOwners
{
    /// <summary>The word.</summary>
    public static string Text(this PauseOwner owner) => owner switch
    {
        PauseOwner.Owner => "owner",
        PauseOwner.Router => "router",
    };
}
