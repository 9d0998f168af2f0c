namespace Router.Core.Deliveries;

/// <summary>One delivery, and what is read with it.</summary>
/// <param name="Delivery">The delivery.</param>
/// <param name="Attempts">Its latest attempts, or the latest before one of them; oldest first.</param>
/// <param name="AttemptsLeftOut">How many there are before the first of these.</param>
/// <param name="HasNewer">Whether its destination has newer events of the lead.</param>
public sealed record FoundDelivery(DeliveryRow Delivery, IReadOnlyList<AttemptRow> Attempts, int AttemptsLeftOut, bool HasNewer);
