using System.Buffers;

namespace Router.Core.Leads;

/// <summary>UUIDs as the contract spells them: 32 hex digits with or without hyphens, in any case, blanks around them ignored.</summary>
public static class Uuids
{
    // The framework's parser takes a plus sign and "0x" for digits.
    private static readonly SearchValues<char> Characters = SearchValues.Create("0123456789abcdefABCDEF-");

    /// <summary>Reads a UUID in either spelling. The zero UUID is one, too.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Guid id)
    {
        id = default;
        text = text.Trim();
        return !text.ContainsAnyExcept(Characters) && Guid.TryParseExact(text, text.Length == 32 ? "N" : "D", out id);
    }
}
