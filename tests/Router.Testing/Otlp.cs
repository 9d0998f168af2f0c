using System.Globalization;

namespace Router.Testing;

/// <summary>A span that a collector got.</summary>
public sealed record OtlpSpan(
    string Service, string Source, string TraceId, string Id, string Parent, string Name, int Kind, bool IsError,
    IReadOnlyDictionary<string, string> Attributes, IReadOnlyList<(string TraceId, string Span)> Links)
{
    public string? this[string attribute] => Attributes.GetValueOrDefault(attribute);
}

/// <summary>A line of a log that a collector got.</summary>
public sealed record OtlpLine(string Service, string TraceId, string Span, string Body);

/// <summary>What hosts sent to a collector by OTLP.</summary>
public static class Otlp
{
    /// <summary>All spans so far.</summary>
    public static IReadOnlyList<OtlpSpan> Spans(this Receiver collector) => collector.All.Spans();

    /// <summary>All spans of these requests.</summary>
    public static IReadOnlyList<OtlpSpan> Spans(this IEnumerable<Received> requests) => Each(
        requests, "/v1/traces", (resource, scope, span) => new OtlpSpan(
            resource, scope, span.Hex(1), span.Hex(2), span.Hex(4), span.Text(5), (int)span.Number(6), span.One(15).Number(3) == 2,
            Attributes(span, 9), [.. span.All(13).Select(link => (link.Hex(1), link.Hex(2)))]));

    /// <summary>All lines so far.</summary>
    public static IReadOnlyList<OtlpLine> Lines(this Receiver collector) => collector.All.Lines();

    /// <summary>All lines of these requests.</summary>
    public static IReadOnlyList<OtlpLine> Lines(this IEnumerable<Received> requests) => Each(requests, "/v1/logs", (resource, _, line) =>
        new OtlpLine(resource, line.Hex(9), line.Hex(10), line.One(5).Text(1)));

    // The numbers are those of opentelemetry-proto: resource, scope and what is in it have the same ones for spans and lines.
    private static List<T> Each<T>(IEnumerable<Received> requests, string path, Func<string, string, ProtoMessage, T> read) =>
    [
        .. from request in requests.Where(request => request.Path == path)
           from resource in new ProtoMessage(request.Body).All(1)
           let service = Attributes(resource.One(1), 1)["service.name"]
           from scope in resource.All(2)
           from one in scope.All(2)
           select read(service, scope.One(1).Text(1), one),
    ];

    private static Dictionary<string, string> Attributes(ProtoMessage message, int field) =>
        message.All(field).ToDictionary(pair => pair.Text(1), pair => Value(pair.One(2)), StringComparer.Ordinal);

    private static string Value(ProtoMessage value) =>
        value.Has(3) ? ((long)value.Number(3)).ToString(CultureInfo.InvariantCulture)
        : value.Has(2) ? value.Number(2) == 1 ? "true" : "false"
        : value.Text(1);
}
