using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Router.Core.Leads;
using Router.Core.Mapping;

namespace Router.Core.Tests;

/// <summary>
/// What a lead says stays within the quotes of the template: else whoever fills in a form adds fields to what the receiver gets, and our
/// signature vouches for them.
/// </summary>
public sealed class TemplateEscapingTests
{
    private const string Hostile = """
        {"first_name":"A\",\"admin\":true,\"z\":\"","tags":["x\",\"admin\":true,\"z\":\""],"person":{"n":"A\",\"admin\":true,\"z\":\""},
         "lines":"one\ntwo","notes":"A\\"}
        """;

    private const string Name = "A\",\"admin\":true,\"z\":\"";
    private const string Tag = "x\",\"admin\":true,\"z\":\"";

    // Texts that were escaped before anything is done to them.
    private const string Before = """
        {% capture g %}Lead {{ first_name }}{% endcapture %}{% capture h %}{{ g }}/{{ tags }}{% endcapture %}
        {% capture f %} "k": "{{ notes }}"
        {% endcapture %}{% assign j = first_name | json %}{% assign k = tags | json %}{% assign l = lines | split: '_' %}
        """;

    private static readonly Gen<string> Texts = UpTo(Gen.Elements(
        "\"", "\\", "\n", "\",\"admin\":true,\"z\":\"", "\\\"", "\\u0022", "{", "}", "[", ",", ":", "n", "u", "Lead ", "_", "é",
        "\ud83d\ude00", "\u0001", " ", "'", "2026-01-02", "-1", "<"), 6).Select(parts => string.Concat(parts));

    private static readonly Gen<string> Leads =
        from name in Texts from notes in Texts from lines in Texts from tags in UpTo(Texts, 3) from object_ in Texts
        select JsonSerializer.Serialize(
            new
            {
                first_name = name, notes, lines, tags, person = new { n = object_, tags }, number = 12.5,
                people = (object[])[new { n = name }],
            });

    // Inside quotes JSON itself has no place: j, k and f are only given to filters there.
    private static readonly Gen<string> Values =
        Gen.Elements("first_name", "notes", "lines", "tags", "tags.first", "g", "h", "g.last", "l", "person", "person.n", "people",
            "number", "x", "true", "nil", "'Lead '", "'_'", "'\\\\'", "'n'", "'\"'");

    private static readonly Gen<string> Arguments = Gen.OneOf(Values, Gen.Elements("j", "k", "f", "3", "0", "-2"));

    private static readonly Gen<string> Filters = Gen.OneOf(
        from name in Gen.Elements("append", "prepend", "remove", "remove_first", "split", "join", "map", "where", "has")
        from argument in Arguments
        select $"| {name}: {argument}",
        from name in Gen.Elements("replace", "replace_first") from one in Arguments from other in Arguments
        select $"| {name}: {one}, {other}",
        from value in Values select $"| default: {value}",
        from length in Gen.Choose(0, 12) from more in Arguments select $"| truncate: {length}, {more}",
        from start in Gen.Choose(-9, 9) from length in Gen.Choose(0, 20) select $"| slice: {start}, {length}",
        Gen.Elements("upcase", "downcase", "capitalize", "strip", "lstrip", "rstrip", "strip_newlines", "reverse", "first", "last", "size",
            "compact", "url_encode", "digits", "plus: 1", "date: '%Y'").Select(filter => $"| {filter}"));

    private static readonly Gen<string> Printed =
        from value in Values from filters in UpTo(Filters, 4) select $"{value} {string.Concat(filters)}";

    private static readonly Gen<string> PrintedJson =
        from value in Gen.OneOf(Arguments) from filters in UpTo(Filters, 2) from more in UpTo(Filters, 3)
        select $"{value} {string.Concat(filters)} | json {string.Concat(more)}";

    [Theory]
    [InlineData("{{ tags }}", Tag)]
    [InlineData("{{ first_name | split: 'q' }}", Name)]
    [InlineData("{{ tags | reverse }}", Tag)]
    [InlineData("{% capture g %}Lead {% endcapture %}{{ g | append: first_name }}", "Lead " + Name)]
    [InlineData("{% capture g %} Lead{% endcapture %}{{ g | prepend: first_name }}", Name + " Lead")]
    [InlineData("{% capture g %}Lead _{% endcapture %}{{ g | replace: '_', first_name }}", "Lead " + Name)]
    [InlineData("{% capture g %}Leads of all these days{% endcapture %}{{ g | truncate: 22, first_name }}", "L" + Name)]
    [InlineData("{% capture g %}{{ notes }}{% endcapture %}{{ g | slice: 0 }}{{ g | slice: 0, 2 }}", "AA\\")]
    [InlineData("{% capture g %}{{ lines }}{% endcapture %}{{ g | remove: 'n' | upcase }}", "OE\nTWO")]
    [InlineData("{% capture g %}{{ lines }}{% endcapture %}{{ g | size }} {{ g | last }} {{ g }}", "7 o one\ntwo")]
    [InlineData("{% capture g %}{{ notes }}{% endcapture %}{% capture h %}{{ g }}{% endcapture %}{{ h | append: '.' }}", "A\\.")]
    [InlineData("{% capture g %}{% endcapture %}{{ g | default: first_name }}", Name)]
    [InlineData("{{ person }}{{ person.n }}", Name)]
    public void Inside_OfQuotes_ItIsText(string inside, string says) =>
        Assert.Equal(JsonSerializer.Serialize(new { n = says }, Relaxed), Make($$"""{"n":"{{inside}}"}""", Hostile));

    [Theory]
    [InlineData("{{ 'x' | json | replace: 'x', first_name }}", "\"A\\\",\\\"admin\\\":true,\\\"z\\\":\\\"\"")]
    [InlineData("{{ lines | json | upcase }}", "\"ONE\\nTWO\"")]
    [InlineData("{% capture g %}{{ lines }}{% endcapture %}{{ g | json }}", "\"one\\ntwo\"")]
    [InlineData("{{ lines | json | json }}", "\"\\\"one\\\\ntwo\\\"\"")]
    [InlineData("{{ tags | json | strip }}", "[\"x\\\",\\\"admin\\\":true,\\\"z\\\":\\\"\"]")]
    [InlineData("{% capture g %} {\"a\": \"{{ notes }}\"}{% endcapture %}{{ g | strip | default: 1 }}", "{\"a\":\"A\\\\\"}")]
    [InlineData("{{ nobody | default: 'x' | json }}", "\"x\"")]
    public void Json_StaysJson(string value, string says) =>
        Assert.Equal($"{{\"n\":{says}}}", Make($"{{\"n\":{value}}}", Hostile));

    [Fact]
    public void Inside_OfQuotes_NoLeadGetsOut() => Check(
        from a in Printed from b in Printed from c in Printed from lead in Leads
        select (Template: string.Concat(
            Before, "{\"n\":\"{{ ", a, " }}\",\"m\":\"{% for x in tags %}{{ ", b, " }}{% endfor %}\",",
            "\"o\":\"{% capture c %}{{ ", c, " }}{% endcapture %}{{ c }}\"}"), Lead: lead),
        sample =>
        {
            using var made = Made(sample.Template, sample.Lead);
            if (made is null)
                return;

            Assert.Equal(["n", "m", "o"], made.RootElement.EnumerateObject().Select(field => field.Name));
            Assert.All(made.RootElement.EnumerateObject(), field => Assert.Equal(JsonValueKind.String, field.Value.ValueKind));
        });

    [Fact]
    public void Json_WhateverIsDoneToIt_AddsNoField() => Check(
        from a in PrintedJson from lead in Leads select (Template: string.Concat(Before, "{\"n\":{{ ", a, " }}}"), Lead: lead),
        sample =>
        {
            // What a filter leaves of JSON need not be any: then nothing is sent.
            using var made = Made(sample.Template, sample.Lead, orInvalid: true);
            if (made is not null)
                Assert.Equal(["n"], made.RootElement.EnumerateObject().Select(field => field.Name));
        });

    private static readonly JsonSerializerOptions Relaxed = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static Gen<List<T>> UpTo<T>(Gen<T> gen, int most) =>
        from count in Gen.Choose(0, most) from all in gen.ListOf(count) select all.ToList();

    private static void Check<T>(Gen<T> samples, Action<T> holds) =>
        Prop.ForAll(samples.ToArbitrary(), holds).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    /// <summary>Null where it computes something impossible, such as a part of a list that begins with a word.</summary>
    private static JsonDocument? Made(string template, string lead, bool orInvalid = false)
    {
        try
        {
            return JsonDocument.Parse(Make(template, lead));
        }
        catch (MappingException failed) when (
            failed.Message.Contains("impossible", StringComparison.Ordinal)
            || orInvalid && failed.Message.Contains("no valid JSON", StringComparison.Ordinal))
        {
            return null;
        }
    }

    private static string Make(string template, string lead) => Encoding.UTF8.GetString(
        CompiledMapping.Of(new RequestMapping(Actions: new Dictionary<string, ActionMapping> { ["created"] = new(template) }))
            .Apply(LeadAction.Created, Encoding.UTF8.GetBytes(lead)));
}
