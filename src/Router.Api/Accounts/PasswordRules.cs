using Router.Api.Changes;

namespace Router.Api.Accounts;

/// <summary>Passwords that people choose: long rather than complicated (NIST SP 800-63B).</summary>
internal static class PasswordRules
{
    public const int Least = 12;

    private const int Most = 200;

    public static void RequirePassword(this FieldProblems problems, string field, string? password, string email)
    {
        if (password is null || password.Length < Least)
            problems.Add(field, $"The password must be at least {Least} characters long. A few words in a row are good.");
        else if (password.Length > Most)
            problems.Add(field, $"The password is longer than {Most} characters.");
        else if (password.Contains(email, StringComparison.OrdinalIgnoreCase) || password.Distinct().Count() < 5)
            problems.Add(field, "This password is too easy to guess: choose a few words that have nothing to do with you.");
    }
}
