using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Serialization;

namespace Router.Cli.Configuration;

/// <summary>What the router has, as a file that would make it: secrets as references to files, to be filled in.</summary>
internal sealed class Exported(Present present)
{
    private const string Heading = """
        # What a lead router has, for router apply. Secrets can't be read from it: each is a reference to a file, from the directory of
        # this one. A router that has them needs no such file; a new one does.

        """;

    private static readonly string[] OfIntegration =
    [
        "description", "url", "signature", "partner_id_help", "key_label", "key_help", "key_header", "key_scheme", "mapping",
        "answer_rules", "published",
    ];

    private static readonly string[] SetByIntegration = ["url", "signature", "mapping", "answer_rules"];

    private readonly HashSet<string> _paths = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="only">This site alone, with its senders; null for everything.</param>
    public string ToYaml(Guid? only)
    {
        var sites = present.Sites.Values.Where(site => only is null || site["id"]!.GetValue<Guid>() == only).ToList();
        var all = new Dictionary<string, object>();
        var integrations = present.Integrations.Values.Where(integration => only is null || IsUsed(integration, only.Value)).ToList();
        if (integrations.Count > 0)
            all["integrations"] = integrations.ConvertAll(Integration);
        var senders = only is null ? null : present.Senders.GetValueOrDefault(only.Value) ?? [];
        var products = present.Products.Values.Where(product => senders is null || senders.Contains($"{product["username"]}")).ToList();
        if (products.Count > 0)
            all["products"] = products.ConvertAll(Product);
        all["sites"] = sites.ConvertAll(Site);
        return Heading + new SerializerBuilder().WithQuotingNecessaryStrings().WithIndentedSequences().DisableAliases().Build()
            .Serialize(all);
    }

    private Dictionary<string, object?> Site(JsonObject site)
    {
        var id = site["id"]!.GetValue<Guid>();
        var written = new Dictionary<string, object?> { ["id"] = $"{id}" };
        foreach (var field in new[] { "name", "domain", "login_url_template", "require_proven", "limits" })
            Put(written, field, site[field]);
        var destinations = present.Destinations.GetValueOrDefault(id) ?? [];
        written["lead_manager"] = Destination(destinations.First(one => $"{one["kind"]}" == "lead_manager"), $"secrets/{id}/lead-manager");
        written["destinations"] = destinations.Where(one => $"{one["kind"]}" != "lead_manager")
            .Select(one => Destination(one, $"secrets/{id}/{Slug($"{one["name"]}")}")).ToList();
        written["senders"] = (present.Senders.GetValueOrDefault(id) ?? []).Order(StringComparer.Ordinal).ToList();
        if (present.People.GetValueOrDefault(id) is { Count: > 0 } people)
            written["people"] = people.OrderBy(person => person.Key, StringComparer.Ordinal)
                .ToDictionary(person => person.Key, person => (object)person.Value.Role);
        return written;
    }

    private Dictionary<string, object?> Destination(JsonObject destination, string path)
    {
        path = Free(path);
        var written = new Dictionary<string, object?>();
        var isLeadManager = $"{destination["kind"]}" == "lead_manager";
        if (!isLeadManager)
            written["name"] = $"{destination["name"]}";
        var integration = present.IntegrationName(destination["integration_id"]?.GetValue<Guid>());
        if (integration is not null)
            written["integration"] = integration;
        foreach (var field in DestinationShape.Exported.Where(field => integration is null || !SetByIntegration.Contains(field)))
        {
            if (!(isLeadManager && field == "active"))
                Put(written, field, destination[field]);
        }

        if (destination["paused_by"]?.ToString() == "owner")
            written["paused"] = true;
        if (integration is null)
            written["secret"] = File($"{path}.secret");
        Headers(written, destination, path, integration);
        if (destination["oauth"] is JsonObject oauth)
        {
            var client = oauth.Where(field => field.Value is not null).ToDictionary(field => field.Key, field => Plain(field.Value));
            client["client_secret"] = File($"{path}.client-secret");
            written["oauth"] = client;
        }

        if (destination["client_certificate"] is JsonObject)
            written["client_certificate"] = new Dictionary<string, object>
            {
                ["chain"] = File($"{path}.chain.pem"), ["private_key"] = File($"{path}.key.pem"),
            };
        return written;
    }

    private void Headers(Dictionary<string, object?> written, JsonObject thing, string path, string? integration = null)
    {
        var names = thing["header_names"]!.AsArray().Select(name => $"{name}").ToList();
        // What an integration asks for is entered as its key.
        if (integration is not null && present.Integrations[integration] is var card && card["key_label"] is not null
            && names.RemoveAll(name => name.Equals($"{card["key_header"]}", StringComparison.OrdinalIgnoreCase)) > 0)
            written["key"] = File($"{path}.key");
        if (names.Count > 0)
            written["headers"] = names.ToDictionary(name => name, name => (object)File($"{path}.{Slug(name)}"));
    }

    private Dictionary<string, object?> Product(JsonObject product)
    {
        var written = new Dictionary<string, object?>
        {
            ["username"] = $"{product["username"]}", ["display_name"] = $"{product["display_name"]}",
        };
        if (product["is_lead_manager"]!.GetValue<bool>())
            written["is_lead_manager"] = true;
        Put(written, "description", product["description"]);
        Put(written, "offered", product["offered"]);
        written["password"] = File(Free($"secrets/products/{Slug($"{product["username"]}")}") + ".password");
        return written;
    }

    private Dictionary<string, object?> Integration(JsonObject integration)
    {
        var path = Free($"secrets/integrations/{Slug($"{integration["name"]}")}");
        var written = new Dictionary<string, object?> { ["name"] = $"{integration["name"]}" };
        foreach (var field in OfIntegration)
            Put(written, field, integration[field]);
        // Without a word about it, sites are asked for a Partner ID.
        written["partner_id_label"] = integration["partner_id_label"]?.ToString() ?? "";
        written["secret"] = File($"{path}.secret");
        Headers(written, integration, path);
        return written;
    }

    private bool IsUsed(JsonObject integration, Guid site) => present.Destinations.GetValueOrDefault(site)
        ?.Exists(destination => destination["integration_id"]?.ToString() == integration["id"]!.ToString()) is true;

    private static void Put(Dictionary<string, object?> written, string field, JsonNode? value)
    {
        if (!Canonical.IsUnset(field, value) && value is not null)
            written[field] = Plain(value);
    }

    private static Dictionary<string, object> File(string path) => new() { ["file"] = path };

    /// <summary>What the YAML library can write; absent stays absent.</summary>
    private static object? Plain(JsonNode? value) => value switch
    {
        null => null,
        JsonObject fields => fields.Where(field => field.Value is not null).ToDictionary(field => field.Key, field => Plain(field.Value)),
        JsonArray items => items.Select(Plain).ToList(),
        JsonValue scalar => scalar.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number => decimal.Parse(scalar.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture),
            _ => scalar.ToString(),
        },
        _ => null,
    };

    private string Free(string path)
    {
        for (var number = 1; ; number++)
        {
            var free = number == 1 ? path : $"{path}-{number}";
            if (_paths.Add(free))
                return free;
        }
    }

    private static string Slug(string name)
    {
        var slug = string.Concat(name.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')).Trim('-');
        return slug.Length == 0 ? "unnamed" : slug;
    }
}
