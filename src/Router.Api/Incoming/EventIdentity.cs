using Router.Core.Leads;
using Router.Core.Sites;

namespace Router.Api.Incoming;

/// <summary>An event's id: a new one, or with an <c>Idempotency-Key</c> the one that the key always gives.</summary>
internal readonly record struct EventIdentity(Guid EventId, Guid? Repeats)
{
    public static readonly IncomingError Refused = new(StatusCodes.Status422UnprocessableEntity, "Header 'Idempotency-Key' is not 1 to 255 printable characters.");

    public static bool TryOf(HttpRequest request, Product product, Guid site, DateTimeOffset now, out EventIdentity identity)
    {
        if (request.Headers["Idempotency-Key"] is not { Count: > 0 } header)
        {
            identity = new EventIdentity(Guid.CreateVersion7(now), null);
            return true;
        }

        var key = header.ToString();
        var valid = IdempotencyKey.IsValid(key);
        var (today, yesterday) = valid ? IdempotencyKey.EventIds(product.Username, site, key, now) : default;
        identity = new EventIdentity(today, yesterday);
        return valid;
    }
}
