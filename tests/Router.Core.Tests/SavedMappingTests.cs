using System.Text;
using System.Text.Json;
using Router.Core.Leads;
using Router.Core.Mapping;

namespace Router.Core.Tests;

/// <summary>Whatever somebody saves: it is taken, or there is a sentence that says why not.</summary>
public sealed class SavedMappingTests
{
    [Theory]
    [InlineData("""{"a": 1}""", """{}""", """{"a":1,"a":1}""", "'t' expects a field twice: a.")]
    [InlineData("""{"a": 1}""", """{}""", """{"l":[{"b":1,"b":1}]}""", "'t' expects a field twice: b.")]
    [InlineData("""{"a": 1, "a": 1}""", """{}""", """{"a":1}""", "'t' fails: the format makes a field twice: a.")]
    [InlineData("""{"a": {{ x | json }}}""", """{"x":{"q":1,"q":2}}""", """{"a":{"q":2}}""", null)]
    [InlineData("""{"a": 1}""", """{}""", """{"a":1e99999999999}""", "'t' expects a number that is too large or too small: 1e99999999999.")]
    [InlineData("""{"a": 1e99999999999}""", """{}""", """{"a":1}""", "'t' fails: the format makes a number that is too large")]
    [InlineData("""{"a": 1}""", """{}""", """{"a":"\ud800"}""", "half of a character")]
    [InlineData("""{"a": 1}""", """{}""", """{"\ud800":1}""", "half of a character")]
    [InlineData("""{"a": 1}""", """{"x":"\ud800"}""", """{"a":1}""", "half of a character")]
    [InlineData("""{"a": 1}""", """{"x":{"\ud800":["\ud800"]}}""", """{"a":1}""", "half of a character")]
    [InlineData("""{"a": "\ud800"}""", """{}""", """{"a":1}""", "'t' fails: The format makes a text that can't be written.")]
    [InlineData("""{"a": 1.50}""", """{}""", """{"a":15e-1}""", null)]
    [InlineData("""{"a": 1, "b": [{}]}""", """{}""", """{"b":[{}],"a":1}""", null)]
    [InlineData("""{"a": 1, "b": [{}]}""", """{}""", """{"b":[],"a":1}""", "'t' fails: the format makes {\"a\":1,\"b\":[{}]}")]
    public void Test_OfATemplate_HoldsOrSaysWhyNot(string template, string lead, string expected, string? problem) =>
        Says(problem, $$"""{"template": {{JsonSerializer.Serialize(template)}}}""", lead, expected);

    [Theory]
    [InlineData("""{"x":{"q":1,"q":2}}""", """{"a":{"q":1}}""", "'t' fails: the format makes a field twice: q.")]
    [InlineData("""{"x":{"\ud800":"\ud800"}}""", """{"a":"x"}""", "half of a character")]
    [InlineData("""{"x":{"q":1}}""", """{"a":{"q":1}}""", null)]
    public void Test_OfATable_HoldsOrSaysWhyNot(string lead, string expected, string? problem) =>
        Says(problem, """{"fields": [{"to": "a", "from": ["x"]}]}""", lead, expected);

    [Theory]
    [InlineData(64)]
    [InlineData(100)]
    public void Lead_ThatIsNestedDeep_IsMappedAsItIsTaken(int depth)
    {
        var lead = Encoding.UTF8.GetBytes($$"""{"x":{{new string('[', depth)}}{{new string(']', depth)}},"name":"Ann"}""");
        Assert.Equal(
            """{"a":"Ann"}""", Encoding.UTF8.GetString(Of("""{"template": "{\"a\": \"{{ name }}\"}"}""").Apply(LeadAction.Created, lead)));
    }

    [Theory]
    [InlineData(40)]
    [InlineData(100)]
    public void Lead_ThatIsNestedDeep_IsPutInAsItIs(int depth)
    {
        var deep = $"{new string('[', depth)}{new string(']', depth)}";
        Assert.Equal($"{{\"a\":{deep}}}", Encoding.UTF8.GetString(
            Of("""{"template": "{\"a\": {{ x | json }}}"}""").Apply(LeadAction.Created, Encoding.UTF8.GetBytes($$"""{"x":{{deep}} }"""))));
        Assert.Equal($"{{\"a\":{deep}}}", Encoding.UTF8.GetString(
            Of("""{"fields": [{"to": "a", "from": ["x"]}]}""").Apply(LeadAction.Created, Encoding.UTF8.GetBytes($$"""{"x":{{deep}} }"""))));
    }

    /// <summary>A test that held when it was saved holds on any day.</summary>
    [Theory]
    [InlineData("10:00", "")]
    [InlineData("10:00:00.1234", "")]
    [InlineData("T10", "")]
    [InlineData("T10:00:00Z", "")]
    [InlineData("10:00:00 GMT", "")]
    [InlineData("10:00 -0100", "")]
    [InlineData("10 pm", "")]
    [InlineData("Jan 5", "")]
    [InlineData("Jan 5 10:00 -0100", "")]
    [InlineData("Jan 5 10:00-0100", "")]
    [InlineData("Jan 5 10:00 GMT", "")]
    [InlineData("Mon, Jan 5", "")]
    [InlineData("5/1", "")]
    [InlineData("12.5", "")]
    [InlineData("no date", "")]
    [InlineData("1/5/2026", "2026-01-05")]
    [InlineData("1/5/26", "2026-01-05")]
    [InlineData("2026", "2026-01-01")]
    [InlineData("2026-01", "2026-01-01")]
    [InlineData("2026/7", "2026-07-01")]
    [InlineData("Jan 5, 2026", "2026-01-05")]
    [InlineData("5-Jan-2026", "2026-01-05")]
    [InlineData("January 2026", "2026-01-01")]
    [InlineData("2026-01-05T23:04:05Z", "2026-01-05")]
    [InlineData("2026-01-05 23:04", "2026-01-05")]
    [InlineData("Fri, 02 Jan 2026 03:04:05 GMT", "2026-01-02")]
    [InlineData("now", "1970-01-01")]
    public void Date_WithoutAYear_IsNone(string text, string date)
    {
        var made = Of("""{"template": "{\"a\": \"{{ x | date: '%Y-%m-%d' }}\"}"}""").Apply(
            LeadAction.Created, JsonSerializer.SerializeToUtf8Bytes(new { x = text }));
        Assert.Equal($$"""{"a":"{{date}}"}""", Encoding.UTF8.GetString(made));
    }

    private static void Says(string? problem, string action, string lead, string expected)
    {
        var found = RequestMapping.Parse($$"""
            {"actions": {"created": {{action}}}, "tests": [{"name": "t", "action": "created", "event": {{lead}}, "expected": {{expected}}}]}
            """)!.Problem;
        if (problem is null)
            Assert.Null(found);
        else
            Assert.Contains(problem, found, StringComparison.Ordinal);
    }

    private static CompiledMapping Of(string action) =>
        CompiledMapping.Of(RequestMapping.Parse($$"""{"actions": {"created": {{action}} } }""")!);
}
