using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Router.Core.Leads;

/// <summary>
/// Gives activities what the contract says they have by default: the lead's <c>source</c> and the time of arrival as <c>created</c>.
/// Activities that have both keep their bytes.
/// </summary>
internal static class Activities
{
    /// <summary>Fills in the defaults; false when the list would be too large.</summary>
    /// <param name="activities">A validated list.</param>
    /// <param name="source">The lead's own source; undefined when it has none.</param>
    /// <param name="defaults">Their time, and the largest size.</param>
    /// <param name="filled">The new list; null when nothing is missing.</param>
    public static bool TryFill(JsonElement activities, JsonElement source, LeadDefaults defaults, out RawJson? filled)
    {
        filled = null;
        if (activities.EnumerateArray().All(activity => Missing(activity) == 0))
            return true;

        // Made once, however many activities lack it.
        var (lacksSource, lacksCreated) = (
            new SetField("source", defaults.SourceOf(source)), SetField.Text("created", Timestamps.Format(defaults.AcceptedAt)));
        SetField[][] missing = [[], [lacksSource], [lacksCreated], [lacksSource, lacksCreated]];
        var list = new ArrayBufferWriter<byte>(1024);
        list.Write("["u8);
        foreach (var activity in activities.EnumerateArray())
        {
            if (list.WrittenCount > 1)
                list.Write(","u8);
            if (Missing(activity) is > 0 and var fields)
                ObjectRewriter.Rewrite(list, activity, missing[fields]);
            else
                list.Write(JsonMarshal.GetRawUtf8Value(activity));
            if (list.WrittenCount > defaults.MostBytes)
                return false;
        }

        list.Write("]"u8);
        filled = new RawJson(list.WrittenMemory);
        return true;
    }

    /// <summary>1 for a missing source, 2 for a missing time, 3 for both. What is no activity (null, for example) misses nothing.</summary>
    private static int Missing(JsonElement activity) => activity.ValueKind is not JsonValueKind.Object ? 0
        : (JsonText.IsGiven(JsonText.Last(activity, "source")) ? 0 : 1) + (JsonText.IsGiven(JsonText.Last(activity, "created")) ? 0 : 2);
}
