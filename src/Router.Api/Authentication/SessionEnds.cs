namespace Router.Api.Authentication;

/// <summary>Why a session is over; values of <c>sessions.end_reason</c>, but for the two time limits, which no row needs to say.</summary>
internal static class SessionEnds
{
    public const string SignedOut = "signed_out";

    /// <summary>By its account, from another browser.</summary>
    public const string FromElsewhere = "elsewhere";

    /// <summary>By an operator.</summary>
    public const string ByOperator = "operator";

    /// <summary>Its browser signed in anew.</summary>
    public const string Replaced = "replaced";

    /// <summary>Its account has so many that the oldest one had to go.</summary>
    public const string TooMany = "too_many";

    /// <summary>The password was changed. Written by a trigger.</summary>
    public const string NewPassword = "password";

    /// <summary>The account was disabled. Written by a trigger.</summary>
    public const string Disabled = "disabled";

    public const string Idle = "idle";

    public const string Absolute = "absolute";
}
