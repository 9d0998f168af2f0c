namespace Router.Cli.Configuration;

/// <summary>What may stand in a place of a file.</summary>
internal abstract record Shape
{
    /// <summary>Text, also where YAML would read a number, a truth or a time.</summary>
    public static readonly Shape Text = new OneOf(ScalarKind.Text);

    /// <summary>true or false.</summary>
    public static readonly Shape Flag = new OneOf(ScalarKind.Flag);

    /// <summary>A number.</summary>
    public static readonly Shape Number = new OneOf(ScalarKind.Number);

    /// <summary>Whatever it is.</summary>
    public static readonly Shape Anything = new AnyShape();

    /// <summary>A reference to a secret.</summary>
    public static readonly Shape Secret = new SecretShape();

    /// <summary>These fields and no others.</summary>
    public static Named Of(params IEnumerable<(string Name, Shape Shape)> fields) =>
        new(fields.ToDictionary(field => field.Name, field => field.Shape, StringComparer.Ordinal));

    internal enum ScalarKind
    {
        Text,
        Flag,
        Number,
    }

    internal sealed record OneOf(ScalarKind Kind) : Shape;

    internal sealed record AnyShape : Shape;

    internal sealed record SecretShape : Shape;

    /// <summary>A list.</summary>
    internal sealed record ListOf(Shape Item) : Shape;

    /// <summary>Names that nobody knows before, each with the same kind of value.</summary>
    internal sealed record MapOf(Shape Value) : Shape;

    /// <summary>These names and no others.</summary>
    internal sealed record Named(IReadOnlyDictionary<string, Shape> Fields) : Shape;
}
