using System.Text.RegularExpressions;

namespace Router.Core.Mapping;

/// <summary>
/// What a template may have in it at most. Brackets and blocks within each other are read by recursion: enough of them would exhaust a
/// thread's stack, and with it the process. They are counted wherever they stand, for text could pass for the end of one.
/// </summary>
internal static partial class LiquidLimits
{
    private const int MostBrackets = 60;

    // They are never legal where they would count. Between brackets the parser reads what follows one of them twice, and so on within that.
    private const int MostParentheses = 4;
    private const int MostBlocks = 100;
    private const int MostFilters = 300;

    /// <summary>Why a template can't be, as a sentence's second part; null when it can.</summary>
    public static string? Problem(string template) =>
        template.Contains("..", StringComparison.Ordinal) ? "has a template with a range (two dots): ranges can't be used."
        : template.Contains('\0', StringComparison.Ordinal) ? "has a template with a character that can't be stored (NUL)."
        : template.Count(character => character == '[') > MostBrackets ? $"has a template with more than {MostBrackets} brackets."
        : template.Count(character => character == '(') > MostParentheses
            ? $"has a template with more than {MostParentheses} parentheses."
        : Block().Count(template) > MostBlocks
            ? $"has a template with more than {MostBlocks} tags that begin a block or a case of one, such as if, elsif and for."
        : template.Count(character => character == '|') > MostFilters ? $"has a template with more than {MostFilters} filters."
        : Junction().Count(template) > MostFilters ? $"has a template with more than {MostFilters} times 'and' or 'or'."
        : null;

    // Whatever stands before the name: the parser skips more than what .NET calls white space.
    [GeneratedRegex(@"\{%[^A-Za-z]*(?:if|elsif|unless|for|case|when|capture|comment|raw)", RegexOptions.NonBacktracking)]
    private static partial Regex Block();

    [GeneratedRegex(@"\b(?:and|or)\b", RegexOptions.NonBacktracking)]
    private static partial Regex Junction();
}
