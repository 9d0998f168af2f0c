namespace Router.Api.Accounts;

/// <summary>What came of asking somebody who is signed in for the password once more.</summary>
internal enum PasswordAnswer
{
    Right,

    Wrong,

    /// <summary>Not looked at: so many were wrong before.</summary>
    Locked,
}

internal static class PasswordAnswers
{
    /// <summary>For people; null when it was right.</summary>
    public static string? Problem(this PasswordAnswer answer) => answer switch
    {
        PasswordAnswer.Right => null,
        PasswordAnswer.Wrong => "This is not your present password.",
        _ => "Too many were wrong. Wait for 15 minutes, or sign out and in again.",
    };
}
