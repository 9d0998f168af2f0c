using Dapper;

namespace Router.Core.Deliveries;

/// <summary>Which deliveries of a site; what is null doesn't narrow.</summary>
/// <param name="State">One of <see cref="DeliveryStates"/>.</param>
/// <param name="Destination">A destination.</param>
/// <param name="Lead">A lead.</param>
/// <param name="From">Accepted then or later.</param>
/// <param name="To">Accepted before then.</param>
public sealed record DeliveryFilter(string? State = null, Guid? Destination = null, Guid? Lead = null, DateTimeOffset? From = null, DateTimeOffset? To = null)
{
    /// <summary>The condition on <c>deliveries d</c> and <c>lead_events e</c>; only what narrows is in it, so that an index fits.</summary>
    internal string Where => string.Join(" and ", new[]
    {
        "d.site_id = @siteId",
        State is null ? null : "d.state = @State",
        Destination is null ? null : "d.destination_id = @Destination",
        Lead is null ? null : "e.site_id = @siteId and e.lead_id = @Lead",
        From is null ? null : "d.accepted_at >= @From",
        To is null ? null : "d.accepted_at < @To",
    }.OfType<string>());

    internal DynamicParameters Parameters(Guid siteId, object others)
    {
        var parameters = new DynamicParameters(others);
        parameters.AddDynamicParams(new { siteId, State, Destination, Lead, From = From?.UtcDateTime, To = To?.UtcDateTime });
        return parameters;
    }
}
