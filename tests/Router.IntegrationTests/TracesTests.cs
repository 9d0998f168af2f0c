using System.Net;
using System.Text;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>What a collector gets to know of leads' ways, and what it doesn't.</summary>
public sealed class TracesTests(TracedRouter traced, TestServers servers) : IClassFixture<TracedRouter>
{
    private const int Sampled = 19;

    [Fact]
    public async Task Lead_WithRetries_IsOneTraceFromItsSenderToEachOutcome()
    {
        var spans = await traced.Spans(TracedRouter.SendersTrace, Sampled);
        var root = Assert.Single(spans, span => span.Parent == TracedRouter.SendersSpan);
        Assert.Equal(
            """
            POST /rest/sites/{site:uuid}/leads 201 api
              publish lead-events rabbitmq api
                process lead-events worker
                  POST 200 delivered worker
                  POST 200 delivered worker
                  POST 302! failed worker
                  POST 500! failed worker
                  plan worker
                  process lead-retries worker, linked
                    POST 200 delivered worker
                    record delivered worker
                  process lead-retries worker, linked
                    POST 302! failed worker
                    publish lead-dead-letters worker
                    record dead worker
                  record delivered worker
                  record delivered worker
                  record retrying worker
                  record retrying worker
            """.ReplaceLineEndings("\n"), Tree(root, spans, ""));

        var planned = Assert.Single(spans, span => span.Name == "process lead-events");
        Assert.All(
            spans.Where(span => span.Name == "process lead-retries"),
            retry => Assert.Equal([(TracedRouter.SendersTrace, planned.Id)], retry.Links));
        // Server 2, client 3, producer 4, consumer 5.
        Assert.Equal(
            [2, 3, 4, 5], spans.Select(span => span.Kind).Where(kind => kind > 1).Distinct().Order());
    }

    [Fact]
    public async Task Spans_OfMessagesAndRequests_HaveTheAttributesOfTheConventions()
    {
        var spans = await traced.Spans(TracedRouter.SendersTrace, Sampled);
        var id = (await traced.Site.Delivery(traced.Told, "delivered")).GetProperty("event_id").GetString();
        var published = Assert.Single(spans, span => span.Name == "publish lead-events");
        Assert.Equal(("rabbitmq", "lead-events", "publish", id), (
            published["messaging.system"], published["messaging.destination.name"], published["messaging.operation.name"],
            published["messaging.message.id"]));
        Assert.Equal(($"{traced.Site.Id}", "created"), (published["lead_router.site.id"], published["lead_router.action"]));
        var attempt = Assert.Single(spans, span => span.Name == "POST" && span["lead_router.destination.id"] == $"{traced.Told.Id}");
        Assert.Equal(("POST", "127.0.0.1", $"{traced.OurOwn.Url.Port}", "200", "1"), (
            attempt["http.request.method"], attempt["server.address"], attempt["server.port"], attempt["http.response.status_code"],
            attempt["lead_router.attempt"]));
        Assert.All(spans.Where(span => span.IsError), span => Assert.NotNull(span["error.type"]));
    }

    [Fact]
    public async Task Statements_WhereTheyAreAskedFor_AreInTheTraceWithoutWhereTheyWent()
    {
        var spans = await Eventually.Get(
            () => Task.FromResult(traced.Collector.Spans().Where(span => span.Source is "Npgsql" or "LeadRouter.Commits").ToList()),
            spans => spans.Exists(span => span["db.query.text"]?.Contains("insert into lead_events", StringComparison.Ordinal) is true)
                || spans.Exists(span => span["db.statement"]?.Contains("insert into lead_events", StringComparison.Ordinal) is true),
            "the plan's statement is there");
        Assert.Contains(spans, span => span.Name == "commit" && span.TraceId == TracedRouter.SendersTrace);
        string[] told = ["user", "connection", "server", "peer", "data_source"];
        Assert.DoesNotContain(
            spans.Where(span => span.Source == "Npgsql").SelectMany(span => span.Attributes.Keys),
            name => told.Any(word => name.Contains(word, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Log_OfBothHosts_HasTheTracesIds()
    {
        foreach (var (service, text) in new[]
        {
            ("lead-router-api", "accepted: created"), ("lead-router-worker", "delivered at first attempt"),
            ("lead-router-worker", "the schedule is used up"),
        })
        {
            await Eventually.True(
                () => traced.Collector.Lines().Any(line => line.Service == service && line.TraceId == TracedRouter.SendersTrace
                    && line.Span.Length == 16 && line.Body.Contains(text, StringComparison.Ordinal)), $"{service} says '{text}'");
        }

        Assert.Contains(
            traced.Router.Output.Split('\n'), line => line.Contains("delivered at first attempt", StringComparison.Ordinal)
                && JsonSerializer.Deserialize<JsonElement>(line).GetProperty("TraceId").GetString() == TracedRouter.SendersTrace);
    }

    [Fact]
    public async Task Export_OfEverything_HoldsNothingOfTheLeadAndNoSecret()
    {
        await traced.Spans(TracedRouter.SendersTrace, Sampled);
        await Eventually.True(
            () => traced.Collector.Lines().Any(line => line.Body.Contains("the schedule is used up", StringComparison.Ordinal)),
            "the log's end is there");
        string[] secrets =
        [
            TracedRouter.Marker, traced.Lead, $"{Guid.Parse(traced.Lead):D}", traced.Failing.Secret, traced.Failing.PartnerId,
            traced.Failing.Path, "lead manager's secret", RouterFixture.AdminToken, traced.Site.Credentials.Parameter!,
            .. new[] { "Database:ConnectionString", "RabbitMq:Uri" }.Select(name =>
                new Uri(traced.Router.Settings[name]).UserInfo.Split(':')[1]),
        ];
        Assert.True(traced.Collector.All.Select(request => request.Path).Distinct().Count() >= 3, "traces, logs and metrics");
        foreach (var request in traced.Collector.All)
        {
            var text = Encoding.UTF8.GetString(request.Body) + string.Join('\n', request.Headers);
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public async Task Receivers_UnlessTheyAreListed_AreNotToldOfTraces()
    {
        string[] all = ["traceparent", "tracestate", "baggage", "Request-Id", "Correlation-Context"];
        Assert.All(
            traced.Router.Receiver.All, request => Assert.DoesNotContain(all, name => request.Headers.ContainsKey(name)));
        Assert.NotEmpty(traced.Router.Receiver.All);

        var told = Assert.Single(traced.OurOwn.At($"/{TracedRouter.Marker}-path"));
        var attempt = Assert.Single(
            await traced.Spans(TracedRouter.SendersTrace, Sampled),
            span => span.Name == "POST" && span["lead_router.destination.id"] == $"{traced.Told.Id}");
        Assert.Equal($"00-{TracedRouter.SendersTrace}-{attempt.Id}-01", told.Headers["traceparent"]);
        Assert.DoesNotContain(all[1..], name => told.Headers.ContainsKey(name));
    }

    [Fact]
    public async Task DeadLetter_OfALeadWithATrace_IsAsAnyOther()
    {
        var letter = Assert.Single(
            (await traced.Router.Broker.Peek(traced.Router.VirtualHost, "lead-dead-letters")).EnumerateArray());
        Assert.DoesNotContain(TracedRouter.SendersTrace, letter.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00-00000000000000000000000000000000-00f067aa0ba902b7-01")]
    [InlineData("00-4BF92F3577B34DA6A3CE929D0E0E4737-00f067aa0ba902b7-01")]
    [InlineData("ff-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01")]
    [InlineData("MARKER")]
    public async Task TraceParent_ThatIsNone_BeginsATraceOfItsOwn(string traceParent)
    {
        var lead = Guid.NewGuid().ToString("N");
        using var accepted = await TracedRouter.Post(traced.Other, lead, traceParent);
        Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
        var trace = (await traced.Kept(lead))!.Split('-')[1];
        Assert.NotEqual("4bf92f3577b34da6a3ce929d0e0e4737", trace);
        Assert.Equal("", Assert.Single(await traced.Spans(trace, 6), span => span.Kind == 2).Parent);
    }

    [Fact]
    public async Task Sender_WhoSamples_DecidesOnlyWhereHeMay()
    {
        var (share, asSent) = (new KeyValuePair<string, string>("Telemetry:TraceShare", "1e-12"), "Telemetry:TraceAsSent");
        var settings = traced.Router.Settings;
        (settings[share.Key], settings[asSent]) = (share.Value, "true");
        var trusting = traced.Router.Host("Router.Api");
        settings[asSent] = "false";
        var ours = traced.Router.Host("Router.Api");
        settings[share.Key] = "1";
        await Task.WhenAll(trusting.Ready(), ours.Ready());

        async Task<string?> Kept(TestHost api, string flag)
        {
            var lead = Guid.NewGuid().ToString("N");
            using var accepted = await TracedRouter.Post(
                traced.Other, lead, $"00-{Guid.NewGuid():N}-{TracedRouter.SendersSpan}-{flag}", api);
            Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
            return await traced.Kept(lead);
        }

        Assert.NotEqual("none", await Kept(trusting, "01"));
        Assert.Equal("none", await Kept(trusting, "00"));
        Assert.Equal("none", await Kept(ours, "01"));
        // All are traced here, whatever the sender says.
        Assert.NotEqual("none", await Kept(traced.Router.Api, "00"));
    }

    [Fact]
    public async Task Event_OfTheOutbox_GoesOnInItsTrace()
    {
        var (id, trace) = (Guid.NewGuid(), $"{Guid.NewGuid():N}");
        await traced.Router.Query<int?>(
            "insert into lead_outbox (event_id, message) values (@id, convert_to(@message, 'UTF8')) returning 1",
            new
            {
                id, message = $$"""
                    {"event_id":"{{id}}","site_id":"{{traced.Other.Id}}","action":"updated","lead_id":"{{Guid.NewGuid():N}}",
                    "accepted_at":"2025-06-17T08:00:00.123456Z","product":"web","source_system":"Test Website",
                    "traceparent":"00-{{trace}}-{{TracedRouter.SendersSpan}}-01","lead":{} }
                    """,
            });
        Assert.Contains(
            await traced.Spans(trace, 4), span => span.Name == "process lead-events" && span.Parent == TracedRouter.SendersSpan);
    }

    [Fact]
    public async Task Router_ThatNobodyAsksForTraces_CarriesNone()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var site = await router.CreateSite();
        using var accepted = await site.Post(
            """{"source":"Web","email":"jack@mail.test"}""",
            change: request => request.Headers.Add("traceparent", $"00-{TracedRouter.SendersTrace}-{TracedRouter.SendersSpan}-01"));
        Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
        var message = Assert.Single((await router.Broker.Peek(router.VirtualHost, "lead-events")).EnumerateArray());
        Assert.DoesNotContain("trace", message.GetRawText(), StringComparison.OrdinalIgnoreCase);

        await router.Host("Router.Worker").Ready();
        await site.Delivery(site.LeadManager, "delivered");
        Assert.DoesNotContain("traceparent", Assert.Single(router.Receiver.At(site.LeadManager.Path)).Headers.Keys);
        Assert.Equal(0, await router.Query<long>("select count(*) from lead_events where traceparent is not null"));
    }

    /// <summary>A span with those below it, each on a line; neighbours by their text, for they come at the same time.</summary>
    private static string Tree(OtlpSpan span, List<OtlpSpan> all, string indent)
    {
        string?[] words =
        [
            span.Name, span["http.response.status_code"] + (span.IsError ? "!" : ""), span["lead_router.stored_in"],
            span["lead_router.result"], span["lead_router.state"], span.Service["lead-router-".Length..],
        ];
        var line = indent + string.Join(' ', words.Where(word => !string.IsNullOrEmpty(word))) + (span.Links.Count > 0 ? ", linked" : "");
        return string.Join('\n', all.Where(other => other.Parent == span.Id).Select(child => Tree(child, all, $"{indent}  "))
            .Order(StringComparer.Ordinal).Prepend(line));
    }
}
