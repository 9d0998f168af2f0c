using Dapper;

namespace Router.Core.Deliveries;

/// <summary>Which deliveries of a site; what is null doesn't narrow.</summary>
/// <param name="State">A state.</param>
/// <param name="Destination">A destination.</param>
/// <param name="Lead">A lead.</param>
/// <param name="From">Accepted then or later.</param>
/// <param name="To">Accepted before then.</param>
/// <param name="Event">A message id.</param>
/// <param name="Status">The HTTP status of the last attempt.</param>
/// <param name="Error">A part of why the last attempt got none, for example <c>timeout</c>.</param>
public sealed record DeliveryFilter(
    DeliveryState? State = null, Guid? Destination = null, Guid? Lead = null, DateTimeOffset? From = null, DateTimeOffset? To = null,
    Guid? Event = null, int? Status = null, string? Error = null)
{
    /// <summary>The condition on <c>destinations x</c>: deliveries are found by their destination, of which a site has few.</summary>
    internal string Destinations => Destination is null ? "x.site_id = @siteId" : "x.site_id = @siteId and x.id = @Destination";

    /// <summary>The condition on <c>deliveries d</c> and <c>lead_events e</c>; only what narrows is in it, so that an index fits.</summary>
    internal string Where => string.Join(" and ", new[]
    {
        "true",
        State is null ? null : "d.state = @State",
        Lead is null ? null : "e.site_id = @siteId and e.lead_id = @Lead",
        Event is null ? null : "d.event_id = @Message",
        Status is null ? null : "d.status = @Status",
        Error is null ? null : "strpos(d.error, @Error) > 0",
        From is null ? null : "d.accepted_at >= @From",
        To is null ? null : "d.accepted_at < @To",
    }.OfType<string>());

    internal DynamicParameters Parameters(Guid siteId, object others)
    {
        var parameters = new DynamicParameters(others);
        parameters.AddDynamicParams(new
        {
            siteId, State = State?.Text(), Destination, Lead, Message = Event, Status, Error,
            From = From?.UtcDateTime, To = To?.UtcDateTime,
        });
        return parameters;
    }
}
