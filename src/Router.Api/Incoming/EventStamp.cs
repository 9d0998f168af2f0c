using Router.Core.Leads;
using Router.Core.Sites;

namespace Router.Api.Incoming;

/// <summary>
/// What an event gets from its request before its contents: who sent it, for which site, when, and under which id: a new one, or with
/// an <c>Idempotency-Key</c> the one that this request always gives.
/// </summary>
/// <param name="EventId">The message id that receivers see.</param>
/// <param name="DayBefore">The id that the same request had the day before; null without a key.</param>
/// <param name="Site">The site.</param>
/// <param name="AcceptedAt">When the request was accepted; of a repetition, when it was first.</param>
/// <param name="Product">Who sent it.</param>
internal sealed record EventStamp(Guid EventId, Guid? DayBefore, Guid Site, DateTimeOffset AcceptedAt, Product Product)
{
    /// <summary>The claim that this request has made; null when it made none.</summary>
    public IdempotentRequest? Claimed { get; init; }

    /// <summary>Whether the same request was accepted before.</summary>
    public bool IsRepetition { get; init; }

    public LeadEvent Event(LeadAction action, string leadId, RawJson body, string[]? onlyDestinations = null) => new()
    {
        EventId = EventId,
        Repeats = DayBefore,
        SiteId = Site,
        Action = action,
        LeadId = leadId,
        AcceptedAt = AcceptedAt,
        Product = Product.Username,
        SourceSystem = Product.DisplayName,
        OnlyDestinations = onlyDestinations,
        Lead = body,
    };
}
