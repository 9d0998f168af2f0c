namespace Router.Core.Search;

/// <summary>What somebody typed who looks for a person.</summary>
internal static class SearchText
{
    // Enough to tell numbers apart, and fewer than those to which somebody puts a country's code or leaves it out.
    private const int DigitsOfNumber = 8;

    private const string Punctuation = "+()-./ ";

    /// <summary>The patterns of <c>like</c> that all must fit: the digits of a number, or each word.</summary>
    public static string[] Patterns(string text)
    {
        var digits = string.Concat(text.Where(char.IsAsciiDigit));
        var isNumber = digits.Length >= 4
            && text.All(letter => char.IsAsciiDigit(letter) || Punctuation.Contains(letter, StringComparison.Ordinal));
        string[] needles = isNumber
            ? [digits.Length > DigitsOfNumber ? digits[^DigitsOfNumber..] : digits]
            : text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return [.. needles.Take(8).Select(needle => $"%{Literal(needle)}%")];
    }

    private static string Literal(string needle) => needle.Replace("\0", "", StringComparison.Ordinal)
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal)
        .Replace("_", "\\_", StringComparison.Ordinal);
}
