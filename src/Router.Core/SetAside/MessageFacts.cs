using System.Text.Json;
using Router.Core.Leads;

namespace Router.Core.SetAside;

/// <summary>
/// What can be told of a message without its contents, as far as it can be read. All of it stands before the lead in what we publish.
/// </summary>
/// <param name="EventId">The event.</param>
/// <param name="SiteId">Its site.</param>
/// <param name="LeadId">The lead.</param>
/// <param name="Action">What happened to the lead.</param>
/// <param name="AcceptedAt">When it was accepted.</param>
public sealed record MessageFacts(Guid? EventId, Guid? SiteId, Guid? LeadId, string? Action, DateTimeOffset? AcceptedAt)
{
    /// <summary>Bytes of its beginning that hold all of them: far more than the fields before the lead take.</summary>
    public const int Enough = 8 * 1024;

    /// <summary>Reads the beginning of a message; whatever can't be read is null.</summary>
    public static MessageFacts Of(ReadOnlySpan<byte> message)
    {
        var facts = new MessageFacts(null, null, null, null, null);
        var reader = new Utf8JsonReader(message[..Math.Min(message.Length, Enough)], isFinalBlock: false, default);
        try
        {
            while (reader.Read() && reader.CurrentDepth <= 1)
            {
                if (reader.TokenType is not JsonTokenType.PropertyName)
                    continue;

                var name = reader.GetString();
                if (!reader.Read() || reader.TokenType is not JsonTokenType.String)
                    continue;

                facts = facts.With(name, reader.GetString()!);
            }
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            // What was read so far is all there is.
        }

        return facts;
    }

    private MessageFacts With(string? name, string value) => name switch
    {
        "event_id" when Guid.TryParse(value, out var id) => this with { EventId = id },
        "site_id" when Guid.TryParse(value, out var id) => this with { SiteId = id },
        "lead_id" when Uuids.TryParse(value, out var id) => this with { LeadId = id },
        "action" when LeadActions.TryParse(value) is not null => this with { Action = value },
        "accepted_at" when DateTimeOffset.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out var at) =>
            this with { AcceptedAt = at },
        _ => this,
    };
}
