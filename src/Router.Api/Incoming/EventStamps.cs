using Router.Core.Intake;
using Router.Core.Leads;
using Router.Core.Sites;

namespace Router.Api.Incoming;

/// <summary>
/// Stamps requests. One without an <c>Idempotency-Key</c> costs nothing; one with a key costs a statement that many share.
/// </summary>
internal sealed class EventStamps(IdempotencyClaims claims, TimeProvider time)
{
    private const string Header = "Idempotency-Key";

    private static readonly IncomingError Unprintable =
        new(StatusCodes.Status422UnprocessableEntity,
            $"Header '{Header}' is not 1 to {IdempotentRequest.MaxKeyLength} printable characters.");

    private static readonly IncomingError OtherBody =
        new(StatusCodes.Status422UnprocessableEntity,
            $"Header '{Header}' was used in the last 24 hours for the same request with another body; "
            + "send this one under a key of its own.");

    /// <summary>The stamp, or why there is none.</summary>
    /// <param name="context">The request.</param>
    /// <param name="site">The site of its path.</param>
    /// <param name="target">The lead or user of its path, in one spelling; empty when it has none.</param>
    /// <param name="body">Its body.</param>
    public async ValueTask<(EventStamp? Stamp, IncomingError? Error)> Stamp(HttpContext context, Guid site, string target, RawJson body)
    {
        var now = Timestamps.ToMicroseconds(time.GetUtcNow());
        var product = context.Features.Get<Product>()!;
        if (SenderHeaders.TextOf(context.Request, Header) is not { } key)
            return (new EventStamp(Guid.CreateVersion7(now), DayBefore: null, site, now, product), null);

        if (!IdempotentRequest.IsValid(key))
            return (null, Unprintable);

        // The endpoint's name says method and path, however the path was spelled.
        var operation = context.GetEndpoint()!.Metadata.GetRequiredMetadata<IEndpointNameMetadata>().EndpointName;
        var request = IdempotentRequest.Of(product.Username, site, operation, target, key, body.Utf8.Span);
        var claim = await claims.Claim(request, now);
        if (claim is { } used && used.Body != request.Body)
            return (null, OtherBody);

        var acceptedAt = claim?.AcceptedAt ?? now;
        var (id, dayBefore) = request.EventIds(acceptedAt);
        var isRepetition = acceptedAt != now;
        return (new EventStamp(id, dayBefore, site, acceptedAt, product) { Claimed = claim is null || isRepetition ? null : request,
            IsRepetition = isRepetition }, null);
    }

    /// <summary>The request was not accepted after all.</summary>
    public Task Release(EventStamp stamp) => stamp.Claimed is { } request ? claims.Release(request, stamp.AcceptedAt) : Task.CompletedTask;
}
