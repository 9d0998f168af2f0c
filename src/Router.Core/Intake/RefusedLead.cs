namespace Router.Core.Intake;

/// <summary>A lead, or a change of one, that was refused for its contents; nothing of them.</summary>
/// <param name="Id">Its id here.</param>
/// <param name="Product">The username of the product that sent it.</param>
/// <param name="SiteId">The site.</param>
/// <param name="Operation">What it was sent as: <c>createLead</c>, <c>updateLead</c> and so on.</param>
/// <param name="Lead">The lead's id in its path, as it was spelled; null where there is none.</param>
/// <param name="OnlyDestinations">Those that its sender chose; null when the choice was left to the site.</param>
/// <param name="RefusedAt">When.</param>
/// <param name="Status">What the sender was answered with.</param>
/// <param name="Reason">The sentence that the sender got, without the place in its body.</param>
/// <param name="Size">Of its body, in bytes; 0 when that isn't known.</param>
/// <param name="HasContents">Whether its body was small enough to be kept.</param>
public sealed record RefusedLead(
    Guid Id, string Product, Guid SiteId, string Operation, string? Lead, string[]? OnlyDestinations, DateTimeOffset RefusedAt, int Status,
    string Reason, int Size, bool HasContents);

/// <summary>One to be kept.</summary>
/// <param name="Facts">What it is.</param>
/// <param name="LeadId">The lead's id, where it can be told: its erasure deletes this as well.</param>
/// <param name="Contents">Its body, encrypted; null when it is too large to keep.</param>
public sealed record NewRefusedLead(RefusedLead Facts, Guid? LeadId, byte[]? Contents);

/// <summary>What a product sent for a site and was refused for one reason.</summary>
/// <param name="Product">Its username.</param>
/// <param name="Status">What it was answered with.</param>
/// <param name="Reason">The sentence that it got.</param>
/// <param name="Count">How many wait.</param>
/// <param name="Since">When the oldest of them was refused.</param>
/// <param name="LastAt">When the newest was.</param>
public sealed record RefusedGroup(string Product, int Status, string Reason, long Count, DateTimeOffset Since, DateTimeOffset LastAt);

/// <summary>What of a site was refused and waits for a correction.</summary>
/// <param name="SiteId">The site.</param>
/// <param name="SiteName">Its name.</param>
/// <param name="Count">How many wait.</param>
/// <param name="Since">When the oldest of them was refused.</param>
/// <param name="Reason">Why the newest was.</param>
public sealed record RefusedOfSite(Guid SiteId, string SiteName, long Count, DateTimeOffset Since, string Reason);

/// <summary>The event as which a refused lead is taken in.</summary>
/// <param name="EventId">Its id, the same however often it is tried.</param>
/// <param name="AcceptedAt">When it counts as accepted.</param>
/// <param name="IsRepetition">Whether it was tried before.</param>
public sealed record ClaimedEvent(Guid EventId, DateTimeOffset AcceptedAt, bool IsRepetition);
