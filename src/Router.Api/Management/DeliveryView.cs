using System.Text;
using System.Text.Json.Serialization;
using Router.Core.Deliveries;

namespace Router.Api.Management;

/// <summary>One attempt.</summary>
/// <param name="Attempt">Its number.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="DurationMs">How long it took.</param>
/// <param name="Result"><c>delivered</c>, <c>rejected</c> or <c>failed</c>.</param>
/// <param name="Status">The HTTP status, if one came.</param>
/// <param name="Error">Why none came.</param>
/// <param name="ResponseBody">The first bytes of the answer, as text.</param>
/// <param name="ResponseHeaders">
/// Of an answer that was no success: Location, WWW-Authenticate, Retry-After, Content-Type and Server, as far as it had them.
/// </param>
/// <param name="ResponseSize">How many bytes of the answer are kept.</param>
/// <param name="ResponseHidden">There is an answer, which only the site's owners may read: it may say anything of the lead.</param>
/// <param name="Requests">
/// 2 where the first request went over an old connection that broke without an answer, or its access token was refused; otherwise 1.
/// </param>
/// <param name="Reason">What a rule about answers says of it, or why no request could be made; for the site's owners only.</param>
internal sealed record AttemptView(
    int Attempt, DateTimeOffset StartedAt, double DurationMs, string Result, int? Status, string? Error, string ResponseBody,
    IReadOnlyDictionary<string, string> ResponseHeaders, int ResponseSize, bool ResponseHidden, int Requests, string? Reason)
{
    /// <summary>What came back, in words. Of a delivery only: a check says more, beside it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Summary { get; init; }

    /// <summary>What to do about it; absent when there is nothing to do.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Advice { get; init; }

    public static AttemptView Of(AttemptRow row) => new(
        row.Attempt, row.StartedAt, row.DurationUs / 1000.0, row.Result, row.Status, row.Error,
        Encoding.UTF8.GetString(row.ResponseBody ?? []),
        Headers(row.ResponseHeaders), row.ResponseSize, row.IsHidden, row.Requests ?? 1, row.Reason);

    /// <summary>The same, and what it means.</summary>
    public static AttemptView Explained(AttemptRow row) => Of(row) with
    {
        Summary = Core.Deliveries.Advice.Summary(row.Status, row.Error),
        Advice = Core.Deliveries.Advice.WhatToDo(
            row.Status, row.Error, TimeSpan.FromMicroseconds(row.DurationUs), row.ResponseHeaders, row.Result),
    };

    private static Dictionary<string, string> Headers(string? lines) => (lines ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(": ", 2)).DistinctBy(header => header[0], StringComparer.OrdinalIgnoreCase)
        .ToDictionary(header => header[0], header => header.ElementAtOrDefault(1) ?? "", StringComparer.OrdinalIgnoreCase);
}

/// <summary>A delivery with its latest attempts, or the latest before one of them; how many there are before these.</summary>
internal sealed record DeliveryView(
    Guid EventId, Guid DestinationId, string DestinationName, string LeadId, string Action, string State, int AttemptsMade, int? LastStatus,
    string? LastError, DateTimeOffset AcceptedAt, DateTimeOffset? FirstAttemptAt, DateTimeOffset? NextAttemptAt, DateTimeOffset? FinishedAt,
    string[]? UnknownDestinations, bool IsTest, bool ContentsDeleted, Guid? WaitsFor, IReadOnlyList<AttemptView> Attempts,
    int AttemptsLeftOut)
{
    public static DeliveryView Of(FoundDelivery found)
    {
        var row = found.Delivery;
        return new DeliveryView(
            row.EventId, row.DestinationId, row.DestinationName, row.LeadId, row.Action, row.State, row.Attempts, row.LastStatus,
            row.LastError, row.AcceptedAt, row.FirstAttemptAt, row.NextAttemptAt, row.FinishedAt,
            row.UnknownDestinations, row.IsTest, row.ContentsDeleted, row.WaitsFor, [.. found.Attempts.Select(AttemptView.Explained)],
            found.AttemptsLeftOut);
    }
}
