using Router.Core.Leads;
using Router.Core.Sites;

namespace Router.Api.Incoming;

/// <summary>
/// What an event gets from its request before its contents: who sent it, for which site, when, and under which id: a new one, or with
/// an <c>Idempotency-Key</c> the one that the key always gives.
/// </summary>
internal sealed record EventStamp(Guid EventId, Guid? Repeats, Guid Site, DateTimeOffset AcceptedAt, Product Product)
{
    public static readonly IncomingError Refused = new(StatusCodes.Status422UnprocessableEntity, "Header 'Idempotency-Key' is not 1 to 255 printable characters.");

    /// <summary>Null when the key is none.</summary>
    public static EventStamp? Of(HttpContext context, Guid site, TimeProvider time)
    {
        var now = Timestamps.ToMicroseconds(time.GetUtcNow());
        var product = context.Features.Get<Product>()!;
        if (context.Request.Headers["Idempotency-Key"] is not { Count: > 0 } header)
            return new EventStamp(Guid.CreateVersion7(now), Repeats: null, site, now, product);

        var key = header.ToString();
        if (!IdempotencyKey.IsValid(key))
            return null;

        var (today, yesterday) = IdempotencyKey.EventIds(product.Username, site, key, now);
        return new EventStamp(today, yesterday, site, now, product);
    }

    public LeadEvent Event(string action, string leadId, RawJson body, string[]? onlyDestinations = null) => new()
    {
        EventId = EventId,
        Repeats = Repeats,
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
