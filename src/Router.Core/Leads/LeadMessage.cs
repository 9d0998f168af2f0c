using System.Text.Encodings.Web;
using System.Text.Json;

namespace Router.Core.Leads;

/// <summary>An event as it is published: plain JSON without an envelope, which an operator reads in the RabbitMQ dashboard.</summary>
/// <param name="EventId">The event, and the id of the message.</param>
/// <param name="Utf8">The JSON.</param>
/// <param name="IsNewLead">Whether it is the first that is heard of a lead.</param>
public sealed record LeadMessage(Guid EventId, byte[] Utf8, bool IsNewLead)
{
    /// <summary>A header, true on a message that is published once more: its event may have been planned already.</summary>
    public const string AgainHeader = "published-again";

    // A lead may be 64 deep by itself. Readable in the dashboard: é stays é.
    private static readonly JsonSerializerOptions Json = new() { MaxDepth = 128, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The message of an event.</summary>
    public static LeadMessage Of(LeadEvent lead) =>
        new(lead.EventId, JsonSerializer.SerializeToUtf8Bytes(lead, Json), lead.Action == LeadAction.Created);

    /// <summary>Never the contents.</summary>
    public override string ToString() => $"message {EventId} of {Utf8.Length} bytes";
}
