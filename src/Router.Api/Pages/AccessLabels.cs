using Router.Api.Authentication;

namespace Router.Api.Pages;

/// <summary>Who comes in, how, and what they may, in plain words.</summary>
internal static class AccessLabels
{
    /// <summary>What an API token may.</summary>
    public static string Scope(string scope) => scope switch
    {
        TokenScopes.Read => "read only",
        TokenScopes.Configure => "read, and change sites",
        _ => "all that an operator may",
    };

    /// <summary>How somebody signed in.</summary>
    public static string WayIn(string how) => how switch
    {
        WaysIn.Password => "password",
        WaysIn.Invitation => "one-time link",
        WaysIn.Passkey => "passkey",
        WaysIn.OpenIdConnect => "single sign-on",
        _ => how,
    };

    /// <summary>A line of the log of accesses.</summary>
    public static string Access(Management.AccessRow row) => row.What switch
    {
        AccessEvents.SignedIn => $"signed in: {WayIn(row.How)}",
        AccessEvents.WrongPassword => "a wrong password",
        AccessEvents.WrongSecondStep => $"the right password, but not the second step: {row.Detail}",
        AccessEvents.Locked => "a password that was not looked at: too many were wrong before",
        AccessEvents.SignedOut => row.Detail.Length == 0 ? "signed out" : $"signed out {row.Detail}",
        AccessEvents.Confirmed => $"confirmed: {WayIn(row.How)}",
        AccessEvents.NotConfirmed => "not confirmed: a wrong password",
        AccessEvents.Refused => $"not allowed: {row.Detail}",
        _ => row.What,
    };
}
