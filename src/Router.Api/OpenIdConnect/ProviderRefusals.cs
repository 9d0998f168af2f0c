namespace Router.Api.OpenIdConnect;

/// <summary>
/// Why somebody who came from the provider, or wanted to go there, isn't signed in. The sign-in page gets one of these words in its
/// address.
/// </summary>
internal static class ProviderRefusals
{
    public const string Unavailable = "unavailable";
    public const string Failed = "failed";
    public const string Canceled = "canceled";
    public const string NoEmail = "no-email";
    public const string Unverified = "unverified";
    public const string Unknown = "unknown";
    public const string Disabled = "disabled";
    public const string Taken = "taken";
    public const string NotStrong = "second-factor";
    public const string TooOld = "too-old";

    /// <summary>The page that says it.</summary>
    public static string Page(bool isSignedIn, string refusal, string? next) =>
        (isSignedIn ? "/account/provider" : "/sign-in")
        + QueryString.Create([KeyValuePair.Create("refused", (string?)refusal), KeyValuePair.Create("return", next)]);

    /// <summary>For people; null for a word that is none of these.</summary>
    /// <param name="refusal">The word.</param>
    /// <param name="name">What people call the provider.</param>
    public static string? Sentence(string? refusal, string name) => refusal switch
    {
        Unavailable => $"Signing in with {name} does not work right now: it does not answer. Try again in a moment.",
        Failed => $"Signing in with {name} did not work: its answer was not for this browser, came twice, or was too old. Try again here.",
        Canceled => $"You were not signed in with {name}: it says that you or your company declined.",
        NoEmail => $"You were not signed in: {name} does not tell us your e-mail address. Your company has to allow that.",
        Unverified => $"You were not signed in: {name} has not verified your e-mail address. Have it verified there, then try again.",
        Unknown => $"You were not signed in: nobody has invited the e-mail address that {name} tells us. Ask an operator of this router.",
        Disabled => "You were not signed in: your account here is disabled. An operator of this router can send you a new link.",
        Taken => 
            $"You were not signed in: the account here is already connected to a different account at {name}. "
                + "Ask an operator of this router.",
        NotStrong => $"You were not signed in: this router asks for a second factor, and {name} let you in without one.",
        TooOld => $"Your identity was not confirmed: {name} did not ask you to sign in again.",
        _ => null,
    };
}
