namespace Router.Core.Deliveries;

/// <summary>One request as people see it.</summary>
/// <param name="Attempt">Its number.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="DurationUs">How long it took, microseconds.</param>
/// <param name="Result"><c>delivered</c>, <c>rejected</c> or <c>failed</c>.</param>
/// <param name="Status">The HTTP status, if any.</param>
/// <param name="Error">Why there was none.</param>
/// <param name="ResponseBody">The first bytes of the answer; null for whoever may not see the lead.</param>
/// <param name="ResponseSize">How many bytes of the answer are kept.</param>
/// <param name="ResponseHeaders">
/// Some headers of an answer that was no success, one <c>Name: value</c> in each line; null, too, for whoever may not see the lead.
/// </param>
/// <param name="Requests">
/// How many requests it took: 2 where the first went over an old connection that broke without an answer, or its access token was refused;
/// null for one.
/// </param>
/// <param name="Reason">
/// What a rule about answers says of it, or why the mapping made no request; null, too, for whoever may not see the lead.
/// </param>
public sealed record AttemptRow(
    int Attempt, DateTimeOffset StartedAt, int DurationUs, string Result, int? Status, string? Error, byte[]? ResponseBody,
    int ResponseSize,
    string? ResponseHeaders = null, short? Requests = null, string? Reason = null)
{
    /// <summary>There is an answer, and whoever asked may not see it: it may say anything of the lead.</summary>
    public bool IsHidden => ResponseBody is null && ResponseSize > 0;
}
