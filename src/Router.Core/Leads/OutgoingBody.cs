using System.Buffers;
using System.Text.Json;

namespace Router.Core.Leads;

/// <summary>
/// The body that receivers get, composed once for each event: the lead as it came in, with our fields set in place where
/// the lead has them and behind its own fields where it has not. Only <c>partner_id</c> differs by destination, so the
/// body is kept as the bytes before and after it.
/// </summary>
public sealed class OutgoingBody
{
    private static readonly byte[] NoPartnerId = "\"\""u8.ToArray();

    private readonly byte[] _before;
    private readonly byte[] _after;

    private OutgoingBody(Guid site, byte[] before, byte[] after) => (Site, _before, _after) = (site, before, after);

    /// <summary>Whose event it is.</summary>
    internal Guid Site { get; }

    /// <summary>Composes the body of an event; which fields are set depends on its action (contract, section 2).</summary>
    /// <param name="lead">The event as accepted.</param>
    /// <param name="siteDomain">The site's domain, without a scheme.</param>
    /// <param name="loginUrlTemplate">The site's login URL with <c>{lead_id}</c> in it, or null when it has none.</param>
    public static OutgoingBody Compose(LeadEvent lead, string siteDomain, string? loginUrlTemplate)
    {
        using var document = lead.Lead.ToDocument();
        var facts = new OutgoingFacts(lead, document.RootElement, siteDomain, loginUrlTemplate);
        var fields = new List<SetField>(OutgoingFields.All.Count + 1);
        foreach (var field in OutgoingFields.All)
        {
            if (field.IsFor(lead.Action) && field.Value(facts) is { } value)
                fields.Add(SetField.Text(field.Name, value));
        }

        // The last one: the rewriter tells where it went.
        fields.Add(new SetField("partner_id", NoPartnerId));
        var body = new ArrayBufferWriter<byte>(lead.Lead.Utf8.Length + 512);
        var partnerIdAt = ObjectRewriter.Rewrite(body, document.RootElement, fields, property => PassesAsOurs(property, lead));
        return new OutgoingBody(
            lead.SiteId, body.WrittenSpan[..partnerIdAt].ToArray(), body.WrittenSpan[(partnerIdAt + NoPartnerId.Length)..].ToArray());
    }

    /// <summary>What only we may say of a lead: where it signs in to the site, and that it is a test.</summary>
    private static bool PassesAsOurs(JsonProperty property, LeadEvent lead) => lead.Action.IsAboutLead()
        && (JsonText.IsNamed(property, LoginUrl.Field)
            || lead.Test is null && property.Value.ValueKind is JsonValueKind.True && JsonText.IsNamed(property, TestLead.Mark));

    /// <summary>In bytes, but for the Partner ID.</summary>
    internal int Length => _before.Length + _after.Length;

    /// <summary>The exact bytes to sign and send to a destination.</summary>
    /// <param name="partnerId">The destination's Partner ID; may be empty.</param>
    public byte[] For(string partnerId) => [.. _before, .. SetField.Quote(partnerId), .. _after];
}
