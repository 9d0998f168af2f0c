using Serilog.Core;
using Serilog.Events;

namespace Router.Hosting;

/// <summary>
/// ASP.NET puts the path of the request into each line that is written meanwhile. Here it ends before what must not stay in a log: the part
/// of an invitation or of a mail that opens something, and the id of a lead or user, which an erasure couldn't take out again.
/// </summary>
internal sealed class LinksInPaths : ILogEventEnricher
{
    private const string Property = "RequestPath";

    private static readonly string[] Before = ["/invitation/", "/unsubscribe/", "/leads/", "/users/"];

    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        if (!logEvent.Properties.TryGetValue(Property, out var value) || value is not ScalarValue { Value: string path })
            return;

        foreach (var before in Before)
        {
            if (path.IndexOf(before, StringComparison.OrdinalIgnoreCase) is >= 0 and var at)
            {
                logEvent.AddOrUpdateProperty(new LogEventProperty(Property, new ScalarValue($"{path[..(at + before.Length)]}…")));
                return;
            }
        }
    }
}
