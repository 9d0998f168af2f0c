using System.Globalization;

namespace Router.Core.Destinations;

/// <summary>Spans of time as people type them: 30s, 5m, 2h, 1d.</summary>
public static class Spans
{
    private static readonly (string Unit, int Seconds)[] Units = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

    /// <summary>In its largest unit.</summary>
    public static string Text(int seconds)
    {
        var (unit, size) = Units.First(unit => seconds % unit.Seconds == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{seconds / size}{unit}");
    }

    /// <summary>With commas between them.</summary>
    public static string Text(IEnumerable<int> all) => string.Join(", ", all.Select(Text));

    /// <summary>In seconds; null when it is none.</summary>
    public static int? Parse(string text)
    {
        var unit = Units.FirstOrDefault(unit => text.TrimEnd().EndsWith(unit.Unit, StringComparison.OrdinalIgnoreCase));
        return unit.Unit is not null
            && int.TryParse(text.TrimEnd()[..^1], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
                CultureInfo.InvariantCulture, out var count)
            && (long)count * unit.Seconds <= int.MaxValue ? count * unit.Seconds : null;
    }

    /// <summary>Several, with commas between them; null when one of them is none.</summary>
    public static int[]? ParseAll(string text)
    {
        var all = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Parse).ToList();
        return all.Contains(null) ? null : [.. all.Select(seconds => seconds!.Value)];
    }
}
