using System.Diagnostics.Metrics;
using Router.Core.Deliveries;
using Router.Core.Leads;
using Router.Core.Mapping;
using Router.Core.Telemetry;

namespace Router.Core.Tests;

/// <summary>What an attempt adds to the metrics.</summary>
public sealed class DeliveryMetricsTests
{
    private static readonly DateTimeOffset Accepted = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(503, null, null, "503")]
    [InlineData(500, null, null, "5xx")]
    [InlineData(429, null, null, "429")]
    [InlineData(404, null, null, "4xx")]
    [InlineData(302, null, null, "other")]
    [InlineData(200, AnswerMeaning.Failed, null, "answer_rule")]
    [InlineData(null, null, AttemptError.ConnectionRefused, "connection_refused")]
    // The answer of the token endpoint would be one more word for each status.
    [InlineData(null, null, AttemptError.TokenEndpoint, "token_endpoint")]
    public void ErrorType_OfAnAnswer_IsOneOfFewWords(int? status, AnswerMeaning? meaning, AttemptError? error, string word) =>
        Assert.Equal(word, DeliveryMetrics.ErrorType(new Answer
        {
            Status = status, Meaning = meaning, Error = error, OfTokenEndpoint = new Answer { Status = 418 },
        }));

    [Theory]
    [InlineData(1, DeliveryState.Delivered, false, 1, 1)]
    [InlineData(2, DeliveryState.Delivered, false, 0, 1)]
    // A replay of what the receiver has says nothing about how long it took.
    [InlineData(2, DeliveryState.Delivered, true, 0, 0)]
    public void Attempt_IsCountedInTheTimesThatItEnds(int number, DeliveryState state, bool wasDelivered, int first, int delivered)
    {
        using var heard = new Heard();
        heard.Metrics.Add(Lead(), Attempt(number), state, wasDelivered);
        Assert.Equal(1, heard.Count("lead_router.delivery.attempts"));
        Assert.Equal(first, heard.Count("lead_router.delivery.first_attempt.duration"));
        Assert.Equal(delivered, heard.Count("lead_router.delivery.delivered.duration"));
    }

    [Fact]
    public void TestLead_IsNotCounted()
    {
        using var heard = new Heard();
        heard.Metrics.Add(Lead() with { Test = LeadTest.Once }, Attempt(1), DeliveryState.Delivered, wasDelivered: false);
        Assert.Equal(0, heard.Count("lead_router.delivery.attempts"));
    }

    [Fact]
    public void Attempts_WhileSomebodyListens_MakeNothing()
    {
        using var heard = new Heard();
        var (lead, well, failed) = (Lead(), Attempt(1), Attempt(1, new Answer { Error = AttemptError.Timeout }));
        void Add()
        {
            heard.Metrics.Add(lead, well, DeliveryState.Delivered, wasDelivered: false);
            heard.Metrics.Add(lead, failed, DeliveryState.Retrying, wasDelivered: false);
        }

        Add();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            Add();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static LeadEvent Lead() => new()
    {
        EventId = Guid.NewGuid(), SiteId = Guid.NewGuid(), LeadId = "1", Action = LeadAction.Created, AcceptedAt = Accepted,
        Product = "web", SourceSystem = "web", Lead = new RawJson("{}"u8.ToArray()),
    };

    private static Attempt Attempt(int number, Answer? answer = null) =>
        new(number, Accepted.AddSeconds(1), TimeSpan.FromSeconds(2), answer ?? new Answer { Status = 200 });

    /// <summary>Counts what is measured, and keeps nothing of it.</summary>
    private sealed class Heard : IMeterFactory
    {
        private readonly Meter _meter = new(RouterMeter.Name);
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

        public Heard()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter, _meter))
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, _, _, _) => Add(instrument));
            _listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => Add(instrument));
            _listener.Start();
            Metrics = new DeliveryMetrics(this);
        }

        public DeliveryMetrics Metrics { get; }

        public int Count(string name) => _counts.GetValueOrDefault(name);

        public Meter Create(MeterOptions options) => _meter;

        public void Dispose()
        {
            _listener.Dispose();
            _meter.Dispose();
        }

        private void Add(Instrument instrument) => _counts[instrument.Name] = _counts.GetValueOrDefault(instrument.Name) + 1;
    }
}
