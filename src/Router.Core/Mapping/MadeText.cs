using System.Text;

namespace Router.Core.Mapping;

/// <summary>The text that a template makes, each character of which counts.</summary>
internal sealed class MadeText(MappingWork work) : TextWriter
{
    private readonly StringBuilder _text = new();

    /// <inheritdoc/>
    public override Encoding Encoding => Encoding.UTF8;

    /// <inheritdoc/>
    public override void Write(char value)
    {
        work.Make(1);
        _text.Append(value);
    }

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer)
    {
        work.Make(buffer.Length);
        _text.Append(buffer);
    }

    /// <inheritdoc/>
    public override void Write(string? value) => Write(value.AsSpan());

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
