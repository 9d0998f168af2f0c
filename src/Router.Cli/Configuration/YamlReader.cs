using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Router.Cli.Configuration;

/// <summary>Reads YAML by its shape; what doesn't fit becomes a problem with its line.</summary>
/// <param name="file">As people know it.</param>
/// <param name="directory">From where it names other files.</param>
/// <param name="problems">Where to put what is wrong.</param>
internal sealed class YamlReader(string file, string directory, List<Problem> problems)
{
    // Stands for a value that is a secret: it is among the references.
    private static readonly JsonNode IsSecret = new JsonObject();

    public Place PlaceOf(YamlNode node) => new(file, node.Start.Line);

    public void Wrong(YamlNode node, string sentence) => problems.Add(new Problem(PlaceOf(node), sentence));

    /// <summary>The entries of a mapping, with those that it merges (<c>&lt;&lt;</c>); none where it isn't one.</summary>
    public List<(string Name, YamlNode Key, YamlNode Value)> Entries(YamlNode node, string what)
    {
        if (node is not YamlMappingNode mapping)
        {
            if (!IsNull(node))
                Wrong(node, $"{what} must be names with values, such as name: value.");
            return [];
        }

        var entries = new List<(string Name, YamlNode Key, YamlNode Value)>();
        foreach (var (key, value) in mapping.Children)
        {
            if (key is not YamlScalarNode { Value: { } name })
                Wrong(key, "A name must be a text.");
            else if (name == "<<")
                entries.AddRange((value is YamlSequenceNode several ? several.Children : [value])
                    .SelectMany(one => Entries(one, "What << names")));
            else
                entries.Add((name, key, value));
        }

        // What stands here goes before what is merged.
        return [.. entries.GroupBy(entry => entry.Name, StringComparer.Ordinal)
            .Select(same => same.FirstOrDefault(entry => mapping.Children.ContainsKey(entry.Key), same.First()))];
    }

    /// <summary>The items of a list.</summary>
    public IEnumerable<YamlNode> Items(YamlNode node, string what)
    {
        if (node is YamlSequenceNode list)
            return list.Children;
        if (!IsNull(node))
            Wrong(node, $"{what} must be a list: a line for each, beginning with '- '.");
        return [];
    }

    /// <summary>One thing with these fields; those that <paramref name="elsewhere"/> takes are left to it.</summary>
    public Wanted Read(YamlNode node, Shape.Named shape, string what, Func<string, YamlNode, bool>? elsewhere = null)
    {
        var wanted = new Wanted(PlaceOf(node));
        foreach (var (name, key, value) in Entries(node, what))
        {
            if (!shape.Fields.TryGetValue(name, out var field))
                Unknown(key, name, what, shape);
            else if (elsewhere?.Invoke(name, value) is not true)
                Put(wanted, name, key, value, field);
        }

        return wanted;
    }

    public static bool IsNull(YamlNode node) =>
        node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" or "Null" or "NULL" };

    private void Put(Wanted wanted, string name, YamlNode key, YamlNode value, Shape shape)
    {
        wanted.Places[name] = PlaceOf(key);
        if (IsNull(value))
        {
            if (Shapes.Unset(name) is { } unset)
                wanted.Fields[name] = unset.DeepClone();
            else
                Wrong(key, $"'{name}' can't be null: leave the line out, and what the router has stays.");
            return;
        }

        var read = Value(wanted, name, value, shape);
        if (read is JsonObject filter && name == "filter")
            filter.TryAdd("all", true);
        if (!ReferenceEquals(read, IsSecret))
            wanted.Fields[name] = read;
    }

    private JsonNode? Value(Wanted wanted, string path, YamlNode node, Shape shape)
    {
        switch (shape)
        {
            case Shape.SecretShape:
                if (Reference(path, node) is { } reference)
                    wanted.Secrets[path] = reference;
                return IsSecret;
            case Shape.OneOf scalar:
                return Scalar(path, node, scalar.Kind);
            case Shape.ListOf list:
                return new JsonArray([.. Items(node, $"'{path}'").Select(item => Value(wanted, path, item, list.Item))]);
            case Shape.MapOf map:
                return Object(wanted, path, Entries(node, $"'{path}'"), _ => map.Value);
            case Shape.Named named:
                return Object(wanted, path, Entries(node, $"'{path}'"), name => named.Fields.GetValueOrDefault(name), named);
            default:
                return Any(node);
        }
    }

    private JsonObject Object(
        Wanted wanted, string path, List<(string Name, YamlNode Key, YamlNode Value)> entries, Func<string, Shape?> shapeOf,
        Shape.Named? named = null)
    {
        var read = new JsonObject();
        foreach (var (name, key, value) in entries)
        {
            if (shapeOf(name) is not { } shape)
            {
                Unknown(key, name, $"'{path}'", named!);
                continue;
            }

            var inner = $"{path}.{name}";
            wanted.Places[inner] = PlaceOf(key);
            var one = IsNull(value) ? null : Value(wanted, inner, value, shape);
            if (!ReferenceEquals(one, IsSecret))
                read[name] = one;
        }

        return read;
    }

    private JsonNode? Scalar(string path, YamlNode node, Shape.ScalarKind kind)
    {
        var text = (node as YamlScalarNode)?.Value;
        switch (kind)
        {
            case Shape.ScalarKind.Text when text is not null:
                return text;
            case Shape.ScalarKind.Flag when text is "true" or "false" or "True" or "False" or "yes" or "no":
                return text is "true" or "True" or "yes";
            case Shape.ScalarKind.Number when decimal.TryParse(
                text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number):
                return number == decimal.Truncate(number) && Math.Abs(number) < long.MaxValue ? (long)number : number;
            default:
                Wrong(node, $"'{path}' must be {kind switch
                {
                    Shape.ScalarKind.Flag => "true or false",
                    Shape.ScalarKind.Number => "a number",
                    _ => "a text",
                }}.");
                return null;
        }
    }

    private SecretReference? Reference(string path, YamlNode node)
    {
        if (node is YamlMappingNode { Children.Count: 1 } mapping && mapping.Children.First() is var (key, value)
            && value is YamlScalarNode { Value: { Length: > 0 } where })
        {
            switch ((key as YamlScalarNode)?.Value)
            {
                case "env":
                    return new SecretReference(PlaceOf(node), where, null);
                case "file":
                    return new SecretReference(PlaceOf(node), null, Path.GetFullPath(where, directory));
            }
        }

        // Never what stands there: it may be the secret itself.
        Wrong(node, $"'{path}' is a secret and doesn't belong into this file: write {{env: NAME}} or {{file: PATH}}.");
        return null;
    }

    private JsonNode? Any(YamlNode node) => node switch
    {
        YamlMappingNode => new JsonObject(Entries(node, "This")
            .Select(entry => KeyValuePair.Create(entry.Name, Any(entry.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Any)]),
        YamlScalarNode scalar when IsNull(scalar) => null,
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } flag => flag.Value == "true",
        YamlScalarNode { Style: ScalarStyle.Plain } scalar when decimal.TryParse(
            scalar.Value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) =>
            number,
        YamlScalarNode scalar => scalar.Value,
        _ => null,
    };

    private void Unknown(YamlNode key, string name, string what, Shape.Named shape)
    {
        var near = shape.Fields.Keys.FirstOrDefault(known => Spelling.IsNear(known, name));
        Wrong(key, near is not null
            ? $"{what} has no '{name}'. Is '{near}' meant?"
            : $"{what} has no '{name}', only {string.Join(", ", shape.Fields.Keys)}.");
    }
}
