using Router.Api.Changes;

namespace Router.Api.Accounts;

/// <summary>Passwords that people choose: long rather than complicated, and none that is known (NIST SP 800-63B).</summary>
internal static class PasswordRules
{
    public const int Least = 12;

    private const int Most = 200;

    /// <param name="problems">Gets what is wrong with it.</param>
    /// <param name="field">The field that it was typed into.</param>
    /// <param name="password">The password.</param>
    /// <param name="about">Words that have to do with the account: its e-mail, its sites.</param>
    public static void RequirePassword(this FieldProblems problems, string field, string? password, IEnumerable<string> about)
    {
        if (password is null || password.Length < Least)
            problems.Add(field, $"The password must be at least {Least} characters long. A few words in a row are good.");
        else if (password.Length > Most)
            problems.Add(field, $"The password is longer than {Most} characters.");
        else if (password.Distinct().Count() < 5 || CommonPasswords.IsGuessable(password, Words(about)))
        {
            problems.Add(
                field,
                "This password is too easy to guess: it is, or is made of, what many people use or what has to do with you. "
                    + "Choose a few words in a row that have nothing to do with you.");
        }
    }

    // Also the parts: of ann.miller@realty.test each of ann, miller and realty.
    private static IEnumerable<string> Words(IEnumerable<string> about) =>
        about.SelectMany(text => text.Split(['@', '.', '-', '_', '+', ' '], StringSplitOptions.RemoveEmptyEntries).Append(text))
            .Concat(["leadrouter", "lead router", "router"]);
}
