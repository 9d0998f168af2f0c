using System.Runtime.InteropServices;
using System.Text.Json;

namespace Router.Core.Leads;

/// <summary>What a request gets where it doesn't say, and how large it may become by that.</summary>
/// <param name="SourceSystem">The product's display name: the source of what names none.</param>
/// <param name="AcceptedAt">When the request was accepted: the time of activities without one.</param>
/// <param name="MostBytes">The largest body of an event. A long source in each of many activities must not become gigabytes.</param>
public sealed record LeadDefaults(string SourceSystem, DateTimeOffset AcceptedAt, int MostBytes)
{
    /// <summary>The source as JSON: what the lead says in its own spelling, else the product's display name.</summary>
    internal ReadOnlyMemory<byte> SourceOf(JsonElement given) =>
        JsonText.IsGiven(given) ? JsonMarshal.GetRawUtf8Value(given).ToArray() : SetField.Quote(SourceSystem);
}
