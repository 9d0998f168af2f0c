using System.Net;
using System.Text;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What a collector is told by HTTP (TracesTests, MetricsTests) it is told by gRPC, too.</summary>
public sealed class OtlpByGrpcTests(TestServers servers)
{
    private const string Key = "a-key-of-the-collector";

    [Fact]
    public async Task Collector_OfGrpc_GetsTracesMetricsAndTheLogOfBothHosts_WithItsKey()
    {
        await using var collector = await GrpcCollector.Start();
        await using var router = await RouterFixture.StartProcesses(
            servers, workers: 1, ("Telemetry:OtlpEndpoint", collector.Url.AbsoluteUri), ("Telemetry:OtlpProtocol", "grpc"),
            ("Telemetry:OtlpHeaders", $"api-key={Key}"), ("Telemetry:TraceShare", "1"), ("Telemetry:OtlpLog", "true"),
            ("Telemetry:OtlpInterval", "00:00:01"), ("OTEL_BSP_SCHEDULE_DELAY", "100"),
            ("Serilog:MinimumLevel:Override:Router", "Verbose"));
        var site = await router.CreateSite();
        using var accepted = await TracedRouter.Post(
            site, Guid.NewGuid().ToString("N"), $"00-{TracedRouter.SendersTrace}-{TracedRouter.SendersSpan}-01");
        Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
        await site.Delivery(site.LeadManager, "delivered");

        string[] way =
        [
            "lead-router-api: POST /rest/sites/{site:uuid}/leads", "lead-router-api: publish lead-events", "lead-router-worker: POST",
            "lead-router-worker: plan", "lead-router-worker: process lead-events", "lead-router-worker: record",
        ];
        await Eventually.Equal(
            string.Join('\n', way),
            () => Task.FromResult(string.Join('\n', collector.All.Spans()
                .Where(span => span.TraceId == TracedRouter.SendersTrace && span.Source == "LeadRouter")
                .Select(span => $"{span.Service}: {span.Name}").Order(StringComparer.Ordinal))),
            "the lead's whole way is there");
        foreach (var (service, text) in new[]
        {
            ("lead-router-api", "accepted: created"), ("lead-router-worker", "delivered at first attempt"),
        })
            await Eventually.True(
                () => collector.All.Lines().Any(line => line.Service == service && line.TraceId == TracedRouter.SendersTrace
                    && line.Body.Contains(text, StringComparison.Ordinal)), $"{service} says '{text}'");
        foreach (var metric in new[] { "lead_router.leads.accepted", "lead_router.delivery.attempts" })
            await Eventually.True(
                () => collector.All.Any(request => request.Path == "/v1/metrics" && Holds(request, metric)), $"{metric} is there");

        Assert.All(collector.All, request =>
        {
            Assert.Equal(Key, request.Headers["api-key"]);
            Assert.False(Holds(request, TracedRouter.Marker), request.Path);
        });
    }

    private static bool Holds(Received request, string text) => request.Body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
}
