using System.Globalization;

namespace Router.Core.Destinations;

/// <summary>
/// One of <see cref="OwnSettings"/>: how it is stored, what may be stored, and what people read of it. The SQL of both hosts, the checks of
/// the API, the form, the page of changes are made from these.
/// </summary>
/// <param name="Name">Its column in <c>destinations</c>, and its name in JSON, in forms and in refusals.</param>
/// <param name="Value">The property that has it.</param>
public sealed record OwnSetting(string Name, Func<OwnSettings, object?> Value)
{
    /// <summary>Whether its column is <c>jsonb</c>.</summary>
    public bool IsJson { get; init; }

    /// <summary>Whether its column always has a value, so that answers have one, too.</summary>
    public bool IsAlwaysSet { get; init; }

    /// <summary>What is written of a value that is given: null for one that says "not set", as zero and something empty do.</summary>
    public Func<OwnSettings, object?> Stored { get; init; } = given => Value(given) switch
    {
        0 or 0.0 or "" or Array { Length: 0 } => null,
        var value => value,
    };

    /// <summary>Why a value that is given can't be stored, as a sentence about <c>'name'</c>; null when it can.</summary>
    public Func<OwnSettings, string?> Problem { get; init; } = _ => null;

    /// <summary>Why Lead Manager can't have it; null where it can.</summary>
    public string? NotForLeadManager { get; init; }

    /// <summary>What the page of changes calls it.</summary>
    public required string Called { get; init; }

    /// <summary>What that page says where it isn't set.</summary>
    public string WhenUnset { get; init; } = "nothing";

    /// <summary>What a destination's page says of it; null where there is nothing to say.</summary>
    public Func<OwnSettings, string?> Sentence { get; init; } = _ => null;

    /// <summary>Its line in the form; null where a page of its own has it.</summary>
    public SettingField? Field { get; init; }
}

/// <summary>How a setting is entered: as one line of text.</summary>
/// <param name="Label">What the line is called.</param>
/// <param name="Help">What to enter, and why. <c>{default}</c> stands for what counts where nothing is entered.</param>
/// <param name="Wrong">What is said where it can't be stored.</param>
/// <param name="Text">What the line begins with; null for nothing.</param>
/// <param name="Entered">
/// The settings with what was entered; with "not set" where that is nothing. What can't be read is a value beyond every limit.
/// </param>
public sealed record SettingField(
    string Label, string Help, string Wrong, Func<OwnSettings, string?> Text, Func<OwnSettings, string, OwnSettings> Entered)
{
    /// <summary>A number as it was entered; 0 for nothing, -1 for what is none.</summary>
    public static double Number(string text) => text.Length == 0 ? 0
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : -1;

    /// <summary>The same without a fraction.</summary>
    public static int Whole(string text) => text.Length == 0 ? 0
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
}
