namespace Router.Core.Search;

/// <summary>A lead as its site's people see it: one, whatever messages there are about it.</summary>
/// <param name="LeadId">Its id.</param>
/// <param name="FirstAt">When it came in.</param>
/// <param name="LastAt">When the latest message about it came in.</param>
/// <param name="Source">Where it came from, as its sender says; null for whoever may not know who it is.</param>
/// <param name="Name">Empty where it isn't known or is deleted; null for whoever may not know who it is.</param>
/// <param name="Email">Likewise.</param>
/// <param name="Phone">Likewise.</param>
/// <param name="Updates">Messages that changed it.</param>
/// <param name="Activities">Messages that added activities.</param>
/// <param name="IsDuplicate">
/// Whether it came with the e-mail address, or the phone number and name, of another lead of the 30 days before it. Known as long as their
/// contents are.
/// </param>
/// <param name="DuplicateOf">That lead; null for none, and once one is erased that a filter has gone by.</param>
/// <param name="Destinations">How it fares at each.</param>
public sealed record FoundLead(
    Guid LeadId, DateTimeOffset FirstAt, DateTimeOffset LastAt, string? Source, string? Name, string? Email, string? Phone, int Updates,
    int Activities, bool IsDuplicate, Guid? DuplicateOf, IReadOnlyList<LeadAtDestination> Destinations);

/// <summary>How a lead fares at a destination, all its messages together.</summary>
/// <param name="DestinationId">The destination.</param>
/// <param name="DestinationName">Its name today.</param>
/// <param name="State">
/// What a person should know first: <c>missing</c> (planned, and lost: an operator must look), <c>dead</c>, <c>held</c>, <c>retrying</c>,
/// <c>planned</c> (on its way), <c>rejected</c>, <c>canceled</c>, <c>delivered</c>; of several the first of these.
/// </param>
/// <param name="Messages">How many messages are in that state.</param>
public sealed record LeadAtDestination(Guid DestinationId, string DestinationName, string State, int Messages);
