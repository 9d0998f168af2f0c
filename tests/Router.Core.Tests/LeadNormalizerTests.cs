using System.Text;
using System.Text.Json;
using Router.Core.Leads;

namespace Router.Core.Tests;

public sealed class LeadNormalizerTests
{
    private const string At = "2015-10-01T06:14:01.597026Z";
    private const int MostBytes = 2 * 1024 * 1024;

    private static readonly LeadDefaults Defaults = new(
        "Web", new DateTimeOffset(2015, 10, 1, 6, 14, 1, 597, 26, TimeSpan.Zero), MostBytes);

    [Theory]
    // As it came.
    [InlineData("""{ "source" : "s" , "a": 2.50 }""", """{ "source" : "s" , "a": 2.50 }""")]
    [InlineData("""{"source":"s","activities":[ {"source":"a","created":"2015-10-01T06:14:01Z"}, null ]}""",
        """{"source":"s","activities":[ {"source":"a","created":"2015-10-01T06:14:01Z"}, null ]}""")]
    // A blank source is the product's; in its place.
    [InlineData("""{"source":" ","a":1}""", """{"source":"Web","a":1}""")]
    [InlineData("""{"a":1,"source":null}""", """{"a":1,"source":"Web"}""")]
    [InlineData("""{"source":"s","source":"","activities":[{}]}""",
        $$"""{"source":"Web","activities":[{"source":"Web","created":"{{At}}"}]}""")]
    // An activity's default source is the lead's, in the lead's own spelling.
    [InlineData("""{"source":"Caf\u00e9 \ud83d","activities":[{"created":"x"}]}""",
        """{"source":"Caf\u00e9 \ud83d","activities":[{"created":"x","source":"Caf\u00e9 \ud83d"}]}""")]
    [InlineData("""{"source":7,"activities":[{"source":" ","created":"x"}, null]}""",
        """{"source":7,"activities":[{"source":7,"created":"x"},null]}""")]
    public void New_WithDefaults_KeepsTheRest(string lead, string expected) => Assert.Equal(expected, Text(New(lead)));

    [Fact]
    public void Added_WithoutSource_TakesTheProducts() =>
        Assert.Equal($$"""{"activities":[{"type":"t","source":"Web","created":"{{At}}"}]}""",
            Text(Shape("""[{"type":"t"}]""", (raw, list) => LeadNormalizer.Added(raw, list, Defaults))));

    [Fact]
    public void Changed_WithoutSource_GivesItsActivitiesTheProducts() => Assert.Equal(
        """{"activities":[{"created":"x","source":"Web"}]}""",
        Text(Shape("""{"activities":[{"created":"x"}],"source":""}""", (raw, lead) =>
            LeadNormalizer.Changed(raw, lead, Defaults, dropEmpty: true))));

    [Theory]
    [InlineData(72_000, 1_000)]
    [InlineData(150_000, 1_000)]
    [InlineData(400_000, 10_000)]
    [InlineData(500_000, 170_000)]
    public void Source_InEachOfManyActivities_IsRefusedBeforeItIsLarge(int source, int activities)
    {
        var lead = $$"""{"email":"a@b.c","source":"{{new string('s', source)}}","activities":["""
            + $$"""{{string.Join(',', Enumerable.Repeat("{}", activities))}}]}""";
        Assert.InRange(lead.Length, 0, 1024 * 1024);
        using var document = JsonDocument.Parse(lead);
        var raw = new RawJson(Encoding.UTF8.GetBytes(lead));
        foreach (var shape in (Func<RawJson?>[])
        [
            () => LeadNormalizer.New(raw, document.RootElement, Defaults),
            () => LeadNormalizer.WithRole(raw, document.RootElement, "r", Defaults),
            () => LeadNormalizer.Changed(raw, document.RootElement, Defaults, dropEmpty: true),
        ])
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Null(shape());
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 * MostBytes);
        }
    }

    [Fact]
    public void Activities_ThatGrowBeyondTheBound_AreRefused() =>
        Assert.Null(Shape($"[{string.Join(',', Enumerable.Repeat("""{"type":"t"}""", 60_000))}]", (raw, list) =>
            LeadNormalizer.Added(raw, list, Defaults)));

    [Theory]
    [InlineData("""{"id":" 1f8fad5b-d9cb-469f-a165-70867728950e\n"}""", "1f8fad5b-d9cb-469f-a165-70867728950e")]
    [InlineData("""{"id":"1F8FAD5BD9CB469FA16570867728950E"}""", "1F8FAD5BD9CB469FA16570867728950E")]
    [InlineData("""{"id":12345678901234567890123456789012}""", "12345678901234567890123456789012")]
    [InlineData("""{"id":"00000000-0000-0000-0000-000000000000"}""", null)]
    [InlineData("""{"id":" "}""", null)]
    [InlineData("""{"id":[]}""", null)]
    [InlineData("""{}""", null)]
    public void Id_OfALead_IsTrimmedAndTheZeroUuidIsNone(string lead, string? expected)
    {
        using var document = JsonDocument.Parse(lead);
        Assert.Equal(expected, LeadNormalizer.IdOf(document.RootElement));
    }

    private static RawJson? New(string lead) => Shape(lead, (raw, root) => LeadNormalizer.New(raw, root, Defaults));

    private static RawJson? Shape(string json, Func<RawJson, JsonElement, RawJson?> shape)
    {
        using var document = JsonDocument.Parse(json);
        return shape(new RawJson(Encoding.UTF8.GetBytes(json)), document.RootElement);
    }

    private static string Text(RawJson? json) => Encoding.UTF8.GetString(json!.Value.Utf8.Span);
}
