using System.Text.Json.Serialization;

namespace Router.Core.Deliveries;

/// <summary>A replay of many deliveries, as people see it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="SiteId">The site.</param>
/// <param name="DestinationId">Of this destination only.</param>
/// <param name="State">Which deliveries: <c>dead</c>, <c>canceled</c>, <c>rejected</c> or <c>delivered</c>; null for missed ones.</param>
/// <param name="Missed">Everything that the destination didn't get: what came while it was off, was canceled then, or was given up.</param>
/// <param name="Total">How many there were when it was asked for; counted no further than 100,001.</param>
/// <param name="Replayed">How many were sent so far.</param>
/// <param name="CreatedBy">Who asked for it.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="FinishedAt">When the last one was sent, or it was canceled.</param>
/// <param name="CanceledAt">When somebody canceled it: what was sent by then stays sent.</param>
public sealed record ReplayJob(
    Guid Id, Guid SiteId, Guid? DestinationId, string? State, bool Missed, int Total, int Replayed, string CreatedBy,
    DateTimeOffset CreatedAt,
    DateTimeOffset? FinishedAt, DateTimeOffset? CanceledAt)
{
    /// <summary>Said once, when it is asked for: what fits and isn't sent. Null when there is nothing of the kind.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LeftOut? LeftOut { get; init; }
}

/// <summary>What a replay leaves out although it fits; counted no further than 100,001.</summary>
/// <param name="DestinationOff">Its destination is off or deleted.</param>
/// <param name="ContentsDeleted">The lead's contents are deleted: there is nothing to send.</param>
public sealed record LeftOut(int DestinationOff, int ContentsDeleted);

/// <summary>A replay that was asked for.</summary>
/// <param name="Job">The replay; null where it isn't begun.</param>
/// <param name="Refusal">Why not, for people.</param>
public sealed record StartedReplay(ReplayJob? Job, string? Refusal);
