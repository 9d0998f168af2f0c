namespace Router.Api.Authentication;

/// <summary>What the log of accesses tells; the values of <c>access_log.what</c>.</summary>
internal static class AccessEvents
{
    public const string SignedIn = "signed_in";

    public const string WrongPassword = "wrong_password";

    /// <summary>After the right password; the detail says what was wrong.</summary>
    public const string WrongSecondStep = "wrong_second_step";

    /// <summary>Not even looked at: too many were wrong from there.</summary>
    public const string Locked = "locked";

    /// <summary>By its account or an operator; the detail says by whom else, or from where.</summary>
    public const string SignedOut = "signed_out";

    /// <summary>Whoever is signed in has shown once more to be its account.</summary>
    public const string Confirmed = "confirmed";

    public const string NotConfirmed = "not_confirmed";

    /// <summary>Something that the account, or its API token, may not do.</summary>
    public const string Refused = "refused";
}
