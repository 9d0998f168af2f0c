using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Router.Cli.Configuration;

/// <summary>Reads what should be from files: each <c>.yaml</c> of a directory, or standard input.</summary>
internal sealed class WantedFiles(List<Problem> problems)
{
    private static readonly Shape.Named Document = new(new Dictionary<string, Shape>(StringComparer.Ordinal)
    {
        ["sites"] = Shape.Anything, ["products"] = Shape.Anything, ["integrations"] = Shape.Anything,
    });

    private readonly WantedAll _all = new();

    /// <exception cref="UsageException">A file isn't there.</exception>
    public WantedAll Read(IEnumerable<string> paths)
    {
        foreach (var path in paths.SelectMany(Files))
            ReadFile(path);
        Once(_all.Sites, site => site.Id.ToString(), site => site.Self.Place, "site with the id");
        Once(_all.Products, product => product.Text("username"), product => product.Place, "product");
        Once(_all.Integrations, integration => integration.Text("name"), integration => integration.Place, "integration");
        return _all;
    }

    private static IEnumerable<string> Files(string path) =>
        !Directory.Exists(path) ? [path]
        : Directory.EnumerateFiles(path).Where(file => Path.GetExtension(file) is ".yaml" or ".yml").Order(StringComparer.Ordinal);

    private void ReadFile(string path)
    {
        var isInput = path == "-";
        var name = isInput ? "(standard input)" : path;
        var stream = new YamlStream();
        try
        {
            using var text = isInput ? Console.In : File.OpenText(path);
            stream.Load(text);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(unreadable.Message);
        }
        catch (YamlException wrong)
        {
            problems.Add(new Problem(
                new Place(name, wrong.Start.Line), $"This is no YAML: {wrong.InnerException?.Message ?? wrong.Message}"));
            return;
        }

        var directory = isInput ? Environment.CurrentDirectory : Path.GetDirectoryName(Path.GetFullPath(path))!;
        var reader = new YamlReader(name, directory, problems);
        foreach (var document in stream.Documents)
            ReadDocument(reader, document.RootNode);
    }

    private void ReadDocument(YamlReader reader, YamlNode root) => reader.Read(root, Document, "The file", (name, value) =>
    {
        switch (name)
        {
            case "sites":
                _all.Sites.AddRange(reader.Items(value, "'sites'").Select(site => SiteReader.Read(reader, site)).OfType<WantedSite>());
                break;
            case "products":
                _all.Products.AddRange(reader.Items(value, "'products'").Select(
                    product => Named(reader, product, Shapes.Product, "A product", "username")).OfType<Wanted>());
                break;
            default:
                _all.Integrations.AddRange(reader.Items(value, "'integrations'").Select(
                    integration => Named(reader, integration, Shapes.Integration, "An integration", "name")).OfType<Wanted>());
                break;
        }

        return true;
    });

    private static Wanted? Named(YamlReader reader, YamlNode node, Shape.Named shape, string what, string required)
    {
        var read = reader.Read(node, shape, what);
        if (!string.IsNullOrWhiteSpace(read.Text(required)))
            return read;

        reader.Wrong(node, $"{what} needs its '{required}'.");
        return null;
    }

    private void Once<T>(IEnumerable<T> things, Func<T, string?> name, Func<T, Place> place, string what)
    {
        foreach (var same in things.GroupBy(name, StringComparer.OrdinalIgnoreCase).Where(same => same.Count() > 1))
            problems.Add(new Problem(place(same.Last()), $"The {what} {same.Key} is there twice, first at {place(same.First())}."));
    }
}
