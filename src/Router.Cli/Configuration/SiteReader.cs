using YamlDotNet.RepresentationModel;

namespace Router.Cli.Configuration;

/// <summary>Reads a site with all that is its own.</summary>
internal static class SiteReader
{
    /// <summary>Null where it can't be told which site it is.</summary>
    public static WantedSite? Read(YamlReader reader, YamlNode node)
    {
        Wanted? leadManager = null;
        List<Wanted>? destinations = null;
        List<(string, Place)>? senders = null;
        List<(string, string, Place)>? people = null;
        var self = reader.Read(node, Shapes.Site, "A site", (name, value) =>
        {
            switch (name)
            {
                case "lead_manager":
                    leadManager = reader.Read(value, DestinationShape.LeadManager, "A Lead Manager");
                    return true;
                case "destinations":
                    destinations = Destinations(reader, value);
                    return true;
                case "senders":
                    senders = [.. reader.Items(value, "'senders'").OfType<YamlScalarNode>()
                        .Select(sender => (sender.Value ?? "", reader.PlaceOf(sender)))];
                    return true;
                case "people":
                    people = People(reader, value);
                    return true;
                default:
                    return false;
            }
        });
        if (Guid.TryParse(self.Text("id"), out var id) && id != Guid.Empty)
            return new WantedSite(self, id, leadManager, destinations, senders, people);

        reader.Wrong(node, "A site needs its 'id', a UUID: senders have it in their URLs. uuidgen makes one.");
        return null;
    }

    private static List<Wanted> Destinations(YamlReader reader, YamlNode list)
    {
        var all = new List<Wanted>();
        foreach (var node in reader.Items(list, "'destinations'"))
        {
            var read = reader.Read(node, DestinationShape.Any, "A destination");
            if (read.Text("name") is not { Length: > 0 } name)
                reader.Wrong(node, "A destination needs its 'name'.");
            else if (all.Exists(other => name.Equals(other.Text("name"), StringComparison.OrdinalIgnoreCase)))
                reader.Wrong(node, $"The site has two destinations called {name}.");
            else
                all.Add(read);
        }

        return all;
    }

    private static List<(string, string, Place)> People(YamlReader reader, YamlNode map)
    {
        var all = new List<(string, string, Place)>();
        foreach (var (name, key, value) in reader.Entries(map, "'people'"))
        {
            if ((value as YamlScalarNode)?.Value is "owner" or "viewer")
                all.Add((name.Trim().ToLowerInvariant(), ((YamlScalarNode)value).Value!, reader.PlaceOf(key)));
            else
                reader.Wrong(key, $"{name} is either owner or viewer of a site.");
        }

        return all;
    }
}
