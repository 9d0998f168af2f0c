using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Router.Core.Leads;

/// <summary>
/// The body that receivers get, composed once for each event: the lead as it came in, with our fields set in place where
/// the lead has them and behind its own fields where it has not. Only <c>partner_id</c> differs by destination, so the
/// body is kept as the bytes before and after it.
/// </summary>
public sealed class OutgoingBody
{
    private const string PartnerId = "partner_id";

    // Readable in a log of the receiver's: é stays é. The body is never put into HTML by us.
    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    private readonly byte[] _before;
    private readonly byte[] _after;

    private OutgoingBody(byte[] before, byte[] after) => (_before, _after) = (before, after);

    /// <summary>Composes the body of a <c>created</c>, <c>updated</c> or <c>activity_added</c> event.</summary>
    /// <param name="lead">The event as accepted.</param>
    /// <param name="siteDomain">The site's domain, without a scheme.</param>
    /// <param name="loginUrlTemplate">The site's login URL with <c>{lead_id}</c> in it, or null when it has none.</param>
    public static OutgoingBody Compose(LeadEvent lead, string siteDomain, string? loginUrlTemplate)
    {
        using var document = lead.Lead.ToDocument();
        List<(string Name, string Value)> ours =
        [
            ("action", lead.Action),
            ("id", lead.LeadId),
            (PartnerId, ""),
            ("site_uuid", lead.SiteId.ToString("D")),
            ("site_domain", siteDomain),
            ("source_system", lead.SourceSystem),
        ];
        if (loginUrlTemplate is not null)
            ours.Insert(5, ("site_login_url", LoginUrl.Of(loginUrlTemplate, lead.LeadId)));
        if (!HasText(document.RootElement, "created"))
            ours.Add(("created", Timestamps.Format(lead.AcceptedAt)));

        return Compose(document.RootElement, CollectionsMarshal.AsSpan(ours));
    }

    /// <summary>The exact bytes to sign and send to a destination.</summary>
    /// <param name="partnerId">The destination's Partner ID; may be empty.</param>
    public byte[] For(string partnerId)
    {
        var id = JsonEncodedText.Encode(partnerId, Encoder).EncodedUtf8Bytes;
        var body = new byte[_before.Length + id.Length + _after.Length];
        _before.CopyTo(body, 0);
        id.CopyTo(body.AsSpan(_before.Length));
        _after.CopyTo(body, _before.Length + id.Length);
        return body;
    }

    private static OutgoingBody Compose(JsonElement lead, ReadOnlySpan<(string Name, string Value)> ours)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        var partnerIdAt = 0;
        Span<bool> written = stackalloc bool[ours.Length];
        body.Write("{"u8);

        foreach (var property in lead.EnumerateObject())
        {
            var index = IndexOf(ours, JsonText.NameOf(property));
            if (index < 0)
                WriteRaw(body, property);
            else if (!written[index])
                Write(body, ours[index], ref written[index], ref partnerIdAt);
        }

        for (var i = 0; i < ours.Length; i++)
        {
            if (!written[i])
                Write(body, ours[i], ref written[i], ref partnerIdAt);
        }

        body.Write("}"u8);
        return new OutgoingBody(body.WrittenSpan[..partnerIdAt].ToArray(), body.WrittenSpan[partnerIdAt..].ToArray());
    }

    private static void WriteRaw(ArrayBufferWriter<byte> body, JsonProperty property)
    {
        WriteName(body, JsonMarshal.GetRawUtf8PropertyName(property));
        body.Write(JsonMarshal.GetRawUtf8Value(property.Value));
    }

    private static void Write(ArrayBufferWriter<byte> body, (string Name, string Value) field, ref bool written, ref int partnerIdAt)
    {
        written = true;
        if (field.Name == PartnerId)
        {
            WriteName(body, "partner_id"u8);
            body.Write("\""u8);
            partnerIdAt = body.WrittenCount;
            body.Write("\""u8);
        }
        else
        {
            WriteName(body, JsonEncodedText.Encode(field.Name, Encoder).EncodedUtf8Bytes);
            body.Write("\""u8);
            body.Write(JsonEncodedText.Encode(field.Value, Encoder).EncodedUtf8Bytes);
            body.Write("\""u8);
        }
    }

    private static void WriteName(ArrayBufferWriter<byte> body, ReadOnlySpan<byte> name)
    {
        body.Write(body.WrittenCount == 1 ? "\""u8 : ",\""u8);
        body.Write(name);
        body.Write("\":"u8);
    }

    private static int IndexOf(ReadOnlySpan<(string Name, string Value)> ours, string name)
    {
        for (var i = 0; i < ours.Length; i++)
        {
            if (ours[i].Name == name)
                return i;
        }

        return -1;
    }

    private static bool HasText(JsonElement lead, string field)
    {
        var found = false;
        foreach (var property in lead.EnumerateObject())
        {
            if (JsonText.NameOf(property) == field)
                found = property.Value.ValueKind is JsonValueKind.String && JsonText.Of(property.Value).Length > 0;
        }

        return found;
    }
}
