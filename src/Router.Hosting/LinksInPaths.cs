using Serilog.Core;
using Serilog.Events;

namespace Router.Hosting;

/// <summary>
/// Whoever has the link of an invitation or of a mail may use it: ASP.NET puts the path of the request into each line that is written
/// meanwhile, and here it ends before the part that opens something.
/// </summary>
internal sealed class LinksInPaths : ILogEventEnricher
{
    private const string Property = "RequestPath";

    private static readonly string[] Secret = ["/invitation/", "/unsubscribe/"];

    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        if (logEvent.Properties.TryGetValue(Property, out var value) && value is ScalarValue { Value: string path }
            && Array.Find(Secret, start => path.StartsWith(start, StringComparison.OrdinalIgnoreCase)) is { } prefix)
            logEvent.AddOrUpdateProperty(new LogEventProperty(Property, new ScalarValue($"{prefix}…")));
    }
}
