using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Router.Benchmarks.Driving;

/// <summary>
/// A request as bytes, of which each lead changes its id and the numbers in its notes, which always have the same length.
/// </summary>
internal sealed class LeadTemplate
{
    /// <summary>In front of run, number and due time, for the receiver to find them.</summary>
    public const string Marker = "\"notes\":\"due ";

    public const int RunDigits = 4;
    public const int NumberDigits = 10;
    public const int DueDigits = 19;

    private static readonly string Body = $$$"""
        {"id":"0000000000000000b39a5ee1c0de2a77","source":"Website Property Search","source_details":"Saved search",
        "first_name":"Jack","last_name":"Johnson","email":"jack.johnson@mail.test","phone":"808-555-2382",
        "role":"Buyer","city":"Honolulu","state":"HI","zip":"96815","urgency":"Hot","tags":["condo","ocean view"],
        {{{Marker}}}0000 0000000000 0000000000000000000",
        "activities":[{"type":"visited","source":"Website","description":"First visit (initial sign-up)",
        "created":"2026-10-01T06:14:01.632792Z"},
        {"type":"property_viewed","source":"Website","description":"Viewed a property","created":"2026-10-01T06:15:11.204518Z",
        "property":{"address":"1 Ala Moana Blvd, Honolulu, HI","beds":3,"full_baths":2,"square_feet":1480,"list_price":"450000.00",
        "mls_number":"201512345","url":"https://www.site.test/property/201512345"}}]}
        """.ReplaceLineEndings("");

    private readonly byte[] _bytes;
    private readonly int _id;
    private readonly int _notes;

    public LeadTemplate(Sender sender)
    {
        var headers = $"POST {sender.Path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {sender.Authorization}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {Body.Length.ToString(CultureInfo.InvariantCulture)}\r\n\r\n";
        _bytes = Encoding.ASCII.GetBytes(headers + Body);
        _id = headers.Length + Body.IndexOf("0000", StringComparison.Ordinal);
        _notes = headers.Length + Body.IndexOf(Marker, StringComparison.Ordinal) + Marker.Length;
    }

    /// <summary>Writes the request of one lead; how long it is.</summary>
    public int Write(Span<byte> buffer, int run, long number, long due)
    {
        _bytes.CopyTo(buffer);
        // As scattered as ids of real leads, so that no index is spared the work.
        var id = ((ulong)run << 40 | (ulong)number) * 0x9E3779B97F4A7C15;
        Utf8Formatter.TryFormat(id, buffer[_id..], out _, new('x', 16));
        var notes = buffer[_notes..];
        Utf8Formatter.TryFormat(run, notes, out _, new('D', RunDigits));
        Utf8Formatter.TryFormat(number, notes[(RunDigits + 1)..], out _, new('D', NumberDigits));
        Utf8Formatter.TryFormat(due, notes[(RunDigits + NumberDigits + 2)..], out _, new('D', DueDigits));
        return _bytes.Length;
    }
}
