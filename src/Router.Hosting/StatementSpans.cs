using System.Diagnostics;
using OpenTelemetry;

namespace Router.Hosting;

/// <summary>
/// What may be told of a statement: its text and when it ran, not where and as whom. One that failed isn't told of: what Postgres says of
/// it may repeat a value.
/// </summary>
internal sealed class StatementSpans : BaseProcessor<Activity>
{
    /// <summary>Npgsql's.</summary>
    public const string Source = "Npgsql";

    private static readonly string[] Told =
        ["db.system", "db.system.name", "db.statement", "db.query.text", "db.operation.name", "db.response.status_code"];

    /// <inheritdoc/>
    public override void OnEnd(Activity data)
    {
        if (data.Source.Name is not Source)
            return;

        if (data.Status is ActivityStatusCode.Error || data.Events.Any(happened => happened.Name is "exception"))
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        foreach (var (key, _) in data.TagObjects.Where(tag => !Told.Contains(tag.Key, StringComparer.Ordinal)).ToList())
            data.SetTag(key, null);
    }
}
