using System.Reflection;
using System.Text;
using System.Text.Json;
using Router.Core.Mapping;

namespace Router.Core.Tests;

/// <summary>
/// Rendering blocks until it is done, on a thread of the pool: were any of it queued to that pool, a few dozen leads at once would wait for
/// each other and stall the process.
/// </summary>
public sealed class MadeTextTests
{
    public static TheoryData<string> Writes => new(typeof(TextWriter).GetMethods()
        .Where(method => method.Name is "WriteAsync" or "FlushAsync" && method is { IsVirtual: true, IsFinal: false })
        .Select(method => method.ToString()!).Where(name => !name.Contains(nameof(StringBuilder), StringComparison.Ordinal)));

    [Theory]
    [MemberData(nameof(Writes))]
    public void WhatIsWritten_IsThereAtOnce(string name)
    {
        using var made = new MadeText(new MappingWork());
        var method = typeof(MadeText).GetMethods().Single(method => method.ToString() == name);
        Assert.Equal(typeof(MadeText), method.DeclaringType);
        var parameters = method.GetParameters();
        var arguments = parameters.Select(parameter => Sample(parameter.ParameterType)).ToArray();
        Assert.Same(Task.CompletedTask, method.Invoke(made, arguments));
        Assert.Equal(parameters is [] || parameters is [{ ParameterType.Name: nameof(CancellationToken) }] ? "" : "x", made.ToString());
    }

    [Fact]
    public void Rendering_IsCompleted_WhenItComesBack()
    {
        var template = LiquidTemplate.Compile("""
            {% capture c %}{{ name }}{% endcapture %}{"a": "{{ name }} {{ c }}", "l": {{ tags | json }}, "t": "{{ tags }}", "n": {{ 1.5 }},
            "d": "{{ '2026-01-02' | date }}", "b": {{ true }},
            {% for t in tags %}{% if t == "b" %}"x": "{{ t | upcase }}"{% endif %}{% endfor %}}
            """);
        using var lead = JsonDocument.Parse("""{"name": "Ann", "tags": ["a", "b"]}""");
        var work = new MappingWork();
        using var made = new MadeText(work);
        Assert.True(template.Rendering(made, lead.RootElement, work).IsCompletedSuccessfully);
        Assert.Contains("\"x\": \"B\"", made.ToString(), StringComparison.Ordinal);
    }

    private static object Sample(Type type) =>
        type == typeof(int) ? 1
        : type == typeof(char) ? 'x'
        : type == typeof(string) ? "x"
        : type == typeof(char[]) ? (char[])['-', 'x', '-']
        : type == typeof(ReadOnlyMemory<char>) ? "x".AsMemory()
        : type == typeof(Rune) ? new Rune('x')
        : default(CancellationToken);
}
