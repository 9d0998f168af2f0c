using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Router.Core.Leads;

/// <summary>
/// Gives activities what the contract says they have by default: the lead's <c>source</c> and the time of arrival as <c>created</c>.
/// Activities that have both keep their bytes.
/// </summary>
public static class Activities
{
    /// <summary>The list with defaults filled in, or null when nothing is missing.</summary>
    /// <param name="activities">A validated list.</param>
    /// <param name="source">The lead's source, if it has one.</param>
    /// <param name="acceptedAt">When the request was accepted.</param>
    public static RawJson? WithDefaults(JsonElement activities, string? source, DateTimeOffset acceptedAt)
    {
        var missing = activities.EnumerateArray().Select(activity => Missing(activity, source, acceptedAt)).ToList();
        if (missing.TrueForAll(fields => fields is null))
            return null;

        var list = new ArrayBufferWriter<byte>(1024);
        list.Write("["u8);
        foreach (var (activity, fields) in activities.EnumerateArray().Zip(missing))
        {
            if (list.WrittenCount > 1)
                list.Write(","u8);
            if (fields is not null)
                ObjectRewriter.Rewrite(list, activity, fields);
            else
                list.Write(JsonMarshal.GetRawUtf8Value(activity));
        }

        list.Write("]"u8);
        return new RawJson(list.WrittenMemory);
    }

    /// <summary>Null when the activity has both: then nothing is allocated for it.</summary>
    private static List<SetField>? Missing(JsonElement activity, string? source, DateTimeOffset acceptedAt)
    {
        List<SetField>? missing = null;
        if (source is not null && JsonText.FieldOf(activity, "source") is null)
            (missing ??= []).Add(SetField.Text("source", source));
        if (JsonText.FieldOf(activity, "created") is null)
            (missing ??= []).Add(SetField.Text("created", Timestamps.Format(acceptedAt)));
        return missing;
    }
}
