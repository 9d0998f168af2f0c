using System.Text;
using Router.Core.Deliveries;

namespace Router.Api.Management;

internal sealed record AttemptView(int Attempt, DateTimeOffset StartedAt, double DurationMs, string Result, int? Status, string? Error, string ResponseBody, int ResponseSize, bool ResponseHidden)
{
    public static AttemptView Of(AttemptRow row) =>
        new(row.Attempt, row.StartedAt, row.DurationUs / 1000.0, row.Result, row.Status, row.Error, Encoding.UTF8.GetString(row.ResponseBody ?? []), row.ResponseSize, row.IsHidden);
}

/// <summary>A delivery with its attempts.</summary>
internal sealed record DeliveryView(
    Guid EventId, Guid DestinationId, string DestinationName, string LeadId, string Action, string State, int AttemptsMade, int? LastStatus,
    string? LastError, DateTimeOffset AcceptedAt, DateTimeOffset? FirstAttemptAt, DateTimeOffset? NextAttemptAt, DateTimeOffset? FinishedAt,
    string[]? UnknownDestinations, bool IsTest, bool ContentsDeleted, IReadOnlyList<AttemptView> Attempts)
{
    public static DeliveryView Of(DeliveryRow row, IReadOnlyList<AttemptRow> attempts) => new(
        row.EventId, row.DestinationId, row.DestinationName, row.LeadId, row.Action, row.State, row.Attempts, row.LastStatus,
        row.LastError, row.AcceptedAt, row.FirstAttemptAt, row.NextAttemptAt, row.FinishedAt,
        row.UnknownDestinations, row.IsTest, row.ContentsDeleted, [.. attempts.Select(AttemptView.Of)]);
}
