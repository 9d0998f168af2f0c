using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>
/// A router that sends traces, log and metrics to a collector, after one lead: it arrived at two destinations at once, at another on the
/// second try, at the last one never. Whatever its sender and its receivers could put a marker into has one.
/// </summary>
public sealed class TracedRouter(TestServers servers) : IAsyncLifetime
{
    public const string Marker = "MARKER";

    public const string SendersTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
    public const string SendersSpan = "00f067aa0ba902b7";

    public Receiver Collector { get; private set; } = null!;

    /// <summary>One that is told of traces.</summary>
    public Receiver OurOwn { get; private set; } = null!;

    public RouterFixture Router { get; private set; } = null!;

    public TestSite Site { get; private set; } = null!;

    /// <summary>One with a Lead Manager only, for other leads.</summary>
    public TestSite Other { get; private set; } = null!;

    public TestDestination Failing { get; private set; } = null!;

    public TestDestination Told { get; private set; } = null!;

    public TestDestination Dead { get; private set; } = null!;

    public string Lead { get; } = Guid.NewGuid().ToString("N");

    public async ValueTask InitializeAsync()
    {
        (Collector, OurOwn) = (await Receiver.Start(), await Receiver.Start());
        Router = await RouterFixture.StartProcesses(
            servers, workers: 1, ("Telemetry:OtlpEndpoint", Collector.Url.AbsoluteUri), ("Telemetry:TraceShare", "1"),
            ("Telemetry:TraceStatements", "true"), ("Telemetry:OtlpLog", "true"), ("Telemetry:OtlpInterval", "00:00:01"),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"), ("Delivery:TraceParentTo", OurOwn.Url.Authority), ("Delivery:RetrySchedule", "00:00:00.1"),
            ("Serilog:MinimumLevel:Default", "Verbose"), ("Serilog:MinimumLevel:Override:Router", "Verbose"),
            // Not ASP.NET's: at its lowest levels it says what a request's line and headers hold.
            ("Serilog:MinimumLevel:Override:MassTransit", "Verbose"), ("Serilog:MinimumLevel:Override:Npgsql", "Verbose"));
        (Site, Other) = (await Router.CreateSite(), await Router.CreateSite());
        Failing = await Site.AddDestination("failing");
        Told = await Site.AddDestination("told", url: new Uri(OurOwn.Url, $"/{Marker}-path?token={Marker}-query").AbsoluteUri);
        Dead = await Site.AddDestination("dead");
        await Site.Patch(Told, new { secret = $"{Marker}-secret", partner_id = $"{Marker}-partner" });
        await Site.Patch(Dead, new { headers = new Dictionary<string, string> { ["X-Api-Key"] = $"{Marker}-key" } });
        Router.Receiver.Answer(Failing.Path, 500, 200);
        Router.Receiver.Answer(Dead.Path, async (context, _) =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = $"https://{Marker}.test/{Marker}";
            await context.Response.WriteAsync($"{Marker}-answer");
        });

        using var accepted = await Post(Site, Lead, $"00-{SendersTrace}-{SendersSpan}-01");
        Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
        await Site.Delivery(Site.LeadManager, "delivered");
        await Site.Delivery(Failing, "delivered");
        await Site.Delivery(Told, "delivered");
        await Site.Delivery(Dead, "dead");
    }

    public async ValueTask DisposeAsync()
    {
        if (Router is not null)
            await Router.DisposeAsync();
        if (OurOwn is not null)
            await OurOwn.DisposeAsync();
        if (Collector is not null)
            await Collector.DisposeAsync();
    }

    /// <summary>A lead with a marker in each of its fields and in each header.</summary>
    public static Task<HttpResponseMessage> Post(TestSite site, string lead, string traceParent, TestHost? api = null) => site.Send(
        HttpMethod.Post, $"/leads?x={Marker}",
        JsonSerializer.Serialize(new
        {
            id = lead, source = Marker, email = $"{Marker}@mail.test", first_name = Marker, notes = Marker, MARKERkey = Marker,
            activities = new[] { new { type = "note", source = Marker, description = Marker } },
        }),
        change: request =>
        {
            request.Headers.TryAddWithoutValidation("traceparent", traceParent);
            foreach (var header in new[] { "tracestate", "baggage" })
                request.Headers.TryAddWithoutValidation(header, $"{Marker.ToLower(CultureInfo.InvariantCulture)}={Marker}");
            foreach (var header in new[] { "User-Agent", "X-Forwarded-For", "X-Request-Id", "Referer" })
                request.Headers.TryAddWithoutValidation(header, Marker);
            request.Headers.Add("Idempotency-Key", $"{Marker}-{lead}");
        },
        api: api);

    /// <summary>What the ledger keeps of a lead's trace for its retries.</summary>
    public async Task<string?> Kept(string lead) => await Eventually.Get(
        () => Router.Query<string?>(
            "select coalesce(traceparent, 'none') from lead_events where lead_id_text = @lead", new { lead }),
        kept => kept is not null, "the lead is planned");

    /// <summary>The trace's spans but for those of statements, once there are as many.</summary>
    public Task<List<OtlpSpan>> Spans(string trace, int count) => Eventually.Get(
        // On a busy machine a request may take longer than its lane waits, and be leased.
        () => Task.FromResult(
            Collector.Spans().Where(span => span.TraceId == trace && span.Source == "LeadRouter" && span.Name != "lease").ToList()),
        spans => spans.Count >= count, $"{count} spans of {trace} are there");
}
