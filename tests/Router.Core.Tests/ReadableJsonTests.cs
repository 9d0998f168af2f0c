using System.Text;
using Router.Core.Leads;

namespace Router.Core.Tests;

/// <summary>JSON for people: nothing but white space changes.</summary>
public sealed class ReadableJsonTests
{
    [Theory]
    [InlineData("""{"a":1,"b":[true,null],"c":{},"d":[ ]}""",
        "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    null\n  ],\n  \"c\": {},\n  \"d\": []\n}")]
    [InlineData("""{"first_name":"Ann \ud83d"}""", "{\n  \"first_name\": \"Ann \\ud83d\"\n}")]
    [InlineData("""["😀","\u0026&<",2.50,1e5,"a: {[,]} \"b\""]""",
        "[\n  \"😀\",\n  \"\\u0026&<\",\n  2.50,\n  1e5,\n  \"a: {[,]} \\\"b\\\"\"\n]")]
    public void Json_Indented_KeepsEveryToken(string json, string readable)
    {
        var (text, isCut) = ReadableJson.Of(Encoding.UTF8.GetBytes(json), 10_000);
        Assert.Equal((readable, false), (text, isCut));
    }

    [Fact]
    public void Json_OfAnyDepthOrSize_StaysWithinItsBound()
    {
        var deep = new string('[', 120) + new string(']', 120);
        Assert.False(ReadableJson.Of(Encoding.UTF8.GetBytes(deep), 100_000).IsCut);
        var wide = $"[{string.Join(',', Enumerable.Repeat(deep, 1_000))}]";
        var (text, isCut) = ReadableJson.Of(Encoding.UTF8.GetBytes(wide), 5_000);
        Assert.Equal((5_000, true), (text.Length, isCut));
        Assert.True(ReadableJson.Of(Encoding.UTF8.GetBytes($"\"{new string('é', 9_000)}\""), 5_000).IsCut);
    }
}
