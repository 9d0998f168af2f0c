namespace Router.Core.Leads;

/// <summary>UUIDs as the contract spells them: 32 hex digits with or without hyphens, in any case, nothing else.</summary>
public static class Uuids
{
    /// <summary>Reads a UUID in either spelling.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Guid id) =>
        Guid.TryParseExact(text, text.Length == 32 ? "N" : "D", out id);
}
