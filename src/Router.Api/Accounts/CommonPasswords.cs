using System.Reflection;

namespace Router.Api.Accounts;

/// <summary>Passwords that guessers try first: those that many people use, also with a number behind them or twice in a row.</summary>
internal static class CommonPasswords
{
    // Removing one or two of these must leave something; three of them in a row are a passphrase.
    private const int MostRemoved = 2;

    private const int LeastLetters = 4;

    private const int LeastDigits = 8;

    private const int ShortestWord = 6;

    private static readonly HashSet<string> Known = Read();

    private static readonly int LongestWord = Known.Max(word => word.Length);

    /// <param name="password">What somebody wants to use.</param>
    /// <param name="about">Words that anybody would try who knows whose it is; those of four letters and more count.</param>
    public static bool IsGuessable(string password, IEnumerable<string> about)
    {
        var words = about.Select(word => word.Trim().ToLowerInvariant()).Where(word => word.Length >= 4)
            .OrderByDescending(word => word.Length).ToList();
        var text = password.ToLowerInvariant();
        return IsSequence(text) || IsRepeated(text) || LeavesLittle(text, words) || LeavesLittle(WithoutLeet(text), words);
    }

    private static HashSet<string> Read()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("common-passwords.txt")!;
        using var lines = new StreamReader(stream);
        return lines.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => line[0] != '#').ToHashSet(StringComparer.Ordinal);
    }

    private static bool LeavesLittle(string text, List<string> about)
    {
        var rest = about.Aggregate(text, Without);
        for (var removed = 0; removed < MostRemoved && LongestKnown(rest) is { } word; removed++)
            rest = Without(rest, word);

        return rest != text && rest.Count(character => !char.IsDigit(character) && character != ' ') < LeastLetters
            && rest.Count(char.IsDigit) < LeastDigits;
    }

    private static string Without(string text, string word) => text.Replace(word, " ", StringComparison.Ordinal);

    private static string? LongestKnown(string text)
    {
        for (var length = Math.Min(LongestWord, text.Length); length >= ShortestWord; length--)
        {
            for (var start = 0; start + length <= text.Length; start++)
            {
                if (Known.Contains(text.Substring(start, length)))
                    return text.Substring(start, length);
            }
        }

        return null;
    }

    /// <summary>Something short, again and again.</summary>
    private static bool IsRepeated(string text) => Enumerable.Range(1, Math.Min(text.Length / 2, PasswordRules.Least - 1))
        .Any(period => Enumerable.Range(period, text.Length - period).All(i => text[i] == text[i - period]));

    /// <summary>Such as abcdefghijkl, 210987654321 or aaaabbbbcccc.</summary>
    private static bool IsSequence(string text) =>
        Enumerable.Range(1, text.Length - 1).Count(i => Math.Abs(text[i] - text[i - 1]) is 0 or 1 or 9) >= (text.Length - 1) * 4 / 5;

    private static string WithoutLeet(string text) => string.Concat(text.Select(character => character switch
    {
        '0' => 'o', '1' or '!' => 'i', '3' => 'e', '4' or '@' => 'a', '5' or '$' => 's', '7' => 't', _ => character,
    }));
}
