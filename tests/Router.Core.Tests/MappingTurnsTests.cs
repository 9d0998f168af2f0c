using System.Text;
using System.Text.Json;
using Router.Core.Destinations;
using Router.Core.Leads;
using Router.Core.Mapping;

namespace Router.Core.Tests;

/// <summary>What mappings may hold in memory: compiled, and of the leads to which they are applied.</summary>
public sealed class MappingTurnsTests
{
    private static readonly TimeSpan Forever = Timeout.InfiniteTimeSpan;

    [Fact]
    public async Task Mapping_WaitsForItsTurn_WithoutAThread_AndIsGivenUpInTime()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var (destination, body) = (Mapped("""{"a": "{{ first_name }}"}"""), Body("""{"first_name": "Ann"}"""));
        var places = 0;
        while (await MappingTurns.Places.WaitAsync(TimeSpan.Zero, cancellation))
            places++;
        try
        {
            Assert.InRange(places, 0, Environment.ProcessorCount);
            Assert.Null(await destination.TryContentOf(LeadAction.Created, body, TimeSpan.Zero, cancellation));
            using var gone = new CancellationTokenSource();
            var abandoned = destination.ContentOf(LeadAction.Created, body, gone.Token);
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await abandoned);
            // In our own format nothing is made, and nobody waits.
            Assert.NotNull(await (destination with { Mapping = null }).TryContentOf(LeadAction.Created, body, TimeSpan.Zero, cancellation));

            var waiting = destination.TryContentOf(LeadAction.Created, body, Forever, cancellation);
            Assert.False(waiting.IsCompleted);
            MappingTurns.Places.Release();
            places--;
            Assert.Equal("""{"a":"Ann"}""", Encoding.UTF8.GetString((await waiting)!.Value.Bytes));
        }
        finally
        {
            if (places > 0)
                MappingTurns.Places.Release(places);
        }
    }

    /// <summary>A thousand that wait, each with a lead of a megabyte, would be a gigabyte.</summary>
    [Fact]
    public async Task Mapping_ThatWaits_HoldsNoBodyOfItsOwn()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var (destination, body) = (Mapped("""{"a": 1}"""), Body($$"""{"notes": "{{new string('x', 1_000_000)}}"}"""));
        Assert.True(await MappingTurns.Places.WaitAsync(Forever, cancellation));
        var others = 0;
        while (await MappingTurns.Places.WaitAsync(TimeSpan.Zero, cancellation))
            others++;
        try
        {
            Assert.Null(await destination.TryContentOf(LeadAction.Created, body, TimeSpan.Zero, cancellation));
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Null(await destination.TryContentOf(LeadAction.Created, body, TimeSpan.Zero, cancellation));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        }
        finally
        {
            MappingTurns.Places.Release(others + 1);
        }
    }

    [Fact]
    public async Task Site_ThatTakesLong_LeavesPlacesToTheOthers()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var goOn = new ManualResetEventSlim();
        var (busy, other) = (Guid.NewGuid(), Guid.NewGuid());
        var taken = Enumerable.Range(0, MappingTurns.MostOfSite).Select(_ => Task.Factory.StartNew(
            () => MappingTurns.Take(busy, () => Wait(goOn), Forever, cancellation).AsTask(),
            cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()).ToList();
        try
        {
            while (await MappingTurns.Take(busy, () => 1, TimeSpan.Zero, cancellation) is not null)
                await Task.Yield();
            if (Environment.ProcessorCount > 1)
                Assert.Equal(1, await MappingTurns.Take(other, () => 1, Forever, cancellation));
        }
        finally
        {
            goOn.Set();
        }

        Assert.All(await Task.WhenAll(taken), made => Assert.Equal(1, made));
    }

    private static int Wait(ManualResetEventSlim goOn)
    {
        goOn.Wait();
        return 1;
    }

    [Fact]
    public async Task Place_IsGivenBack_ByAMappingThatFails()
    {
        for (var i = 0; i < 2 * Environment.ProcessorCount; i++)
        {
            var content = await Mapped("no JSON").ContentOf(
                LeadAction.Created, Body("{}"), TestContext.Current.CancellationToken);
            Assert.NotNull(content.Problem);
        }
    }

    [Fact]
    public void WhatIsKept_NeverTakesMoreThanItMay()
    {
        var made = 0;
        var kept = new KeptByText<object>(100, _ => ++made, (text, _) => text.Length);
        Assert.Same(kept.Of("a"), kept.Of("a"));
        for (var i = 0; i < 1000; i++)
        {
            kept.Of(new string('x', i % 150));
            Assert.InRange(kept.Size, 0, 100);
        }

        // What is larger than all of it is made each time, and pushes nothing out.
        var last = kept.Of("a");
        Assert.NotSame(kept.Of(new string('y', 101)), kept.Of(new string('y', 101)));
        Assert.Same(last, kept.Of("a"));
    }

    /// <summary>What isn't counted as a part could be had ten thousand times for nothing.</summary>
    [Theory]
    [InlineData("{{a}}", 3)]
    [InlineData("{{ 'a' | append: 1, 2, 3 }}", 6)]
    [InlineData("{{ 'a' | append: a, a, a }}", 9)]
    [InlineData("{{ a.b.c.d }}", 6)]
    [InlineData("{{ a[b] }}", 6)]
    [InlineData("{% if a == a %}x{% endif %}", 8)]
    [InlineData("{% case a %}{% when 1, 2, 3, 4 %}{% endcase %}", 7)]
    [InlineData("{% assign a = b %}", 3)]
    [InlineData("x{% # a %}", 2)]
    public void SizeOfATemplate_CountsEachOfItsParts(string piece, int parts)
    {
        var (one, two) = (LiquidTemplate.Compile(piece), LiquidTemplate.Compile(piece + piece));
        Assert.InRange(two.Size - one.Size, parts * LiquidTemplate.BytesOfPart, (parts + 3) * LiquidTemplate.BytesOfPart);
    }

    /// <summary>Only what a template names is made of a lead; it must be all that it names.</summary>
    [Theory]
    [InlineData("{{ f }}", "1")]
    [InlineData("{{ F }}", "1")]
    [InlineData("{{ 'a' | append: f }}", "a1")]
    [InlineData("{{ l[f] }}", "y")]
    [InlineData("{{ o[k] }}", "v")]
    [InlineData("{{ o.n[o.k] }}", "1")]
    [InlineData("{% if f == 1 %}a{% endif %}", "a")]
    [InlineData("{% if nobody %}{% elsif f == 1 %}a{% endif %}", "a")]
    [InlineData("{% unless f == 2 %}a{% endunless %}", "a")]
    [InlineData("{% case 1 %}{% when f %}a{% endcase %}", "a")]
    [InlineData("{% case f %}{% when 1 %}a{% else %}{{ k }}{% endcase %}", "a")]
    [InlineData("{% for i in l limit: f %}{{ i }}{% endfor %}", "x")]
    [InlineData("{% for i in l offset: f %}{{ i }}{{ forloop.index }}{% endfor %}", "y2")]
    [InlineData("{% for i in nobody %}{% else %}{{ k }}{% endfor %}", "w")]
    [InlineData("{% assign a = f %}{% capture b %}{{ k }}{% endcapture %}{{ a }}{{ b }}", "1w")]
    [InlineData("{% for f in l %}{{ f }}{% endfor %}{{ f }}", "xy1")]
    public void Template_GetsAllThatItNames(string template, string made)
    {
        using var lead = JsonDocument.Parse("""{"f":1,"l":["x","y"],"o":{"w":"v","k":"n","n":{"n":1}},"k":"w","other":[{},{}]}""");
        Assert.Equal(made, LiquidTemplate.Compile(template).Render(lead.RootElement, new MappingWork()));
    }

    [Fact]
    public void Template_GetsNothingElse()
    {
        // Were the list made into objects, this would take a hundred bytes for each.
        var text = $$"""{"l":[{{string.Join(',', Enumerable.Repeat("{}", 100_000))}}],"f":1}""";
        using var lead = JsonDocument.Parse(text);
        var template = LiquidTemplate.Compile("{{ f }}");
        template.Render(lead.RootElement, new MappingWork());
        var before = GC.GetAllocatedBytesForCurrentThread();
        template.Render(lead.RootElement, new MappingWork());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    private static Destination Mapped(string template) => new(
        Guid.NewGuid(), DestinationKind.Custom, "A", new Uri("https://a.test"), "p",
        new Signing(SignatureScheme.LeadRouter, "s", null, null))
    {
        Mapping = CompiledMapping.Of(
            new RequestMapping(Actions: new Dictionary<string, ActionMapping>(StringComparer.Ordinal) { ["created"] = new(template) })),
    };

    private static OutgoingBody Body(string lead) => OutgoingBody.Compose(
        new LeadEvent
        {
            EventId = Guid.NewGuid(), SiteId = Guid.NewGuid(), Action = LeadAction.Created, LeadId = Guid.NewGuid().ToString("D"),
            AcceptedAt = DateTimeOffset.UnixEpoch, Product = "web", SourceSystem = "Web", Lead = RawJson.Parse(lead),
        }, "www.site.test", loginUrlTemplate: null);
}
