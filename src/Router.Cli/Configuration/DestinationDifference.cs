using System.Text.Json.Nodes;

namespace Router.Cli.Configuration;

/// <summary>What is to be changed of a destination, its sign-in included.</summary>
internal static class DestinationDifference
{
    private static readonly string[] Otherwise =
        ["name", "renamed_from", "integration", "headers", "oauth", "client_certificate", "paused"];

    public static Difference Of(Wanted wanted, JsonObject? present, SecretValues secrets)
    {
        var difference = Difference.Of(wanted, present, Otherwise);
        if (wanted.Text("renamed_from") is not null && present is not null && present["name"]!.ToString() != wanted.Text("name"))
            difference.Set("name", present["name"]!.ToString(), wanted.Text("name"));
        // What goes with requests must not follow an address to another server by itself: then all of it is given again.
        var isElsewhere = difference.Request.ContainsKey("url");
        AddSecret(difference, wanted, secrets, "secret", present is null);
        AddSecret(difference, wanted, secrets, "key", present is null);
        AddHeaders(difference, wanted, present, secrets, isElsewhere);
        AddOauth(difference, wanted, present, secrets, isElsewhere);
        AddCertificate(difference, wanted, present, secrets, isElsewhere);
        if (wanted.Fields["paused"] is { } paused && present is not null
            && paused.GetValue<bool>() != present["paused_by"]?.ToString() is "owner")
            difference.Set("paused", paused.GetValue<bool>() ? "no" : "yes", paused);
        return difference;
    }

    public static void AddHeaders(Difference difference, Wanted wanted, JsonObject? present, SecretValues secrets, bool isElsewhere)
    {
        var there = present?["header_names"]?.AsArray().Select(name => name!.ToString()).ToHashSet(StringComparer.OrdinalIgnoreCase) ?? [];
        var named = wanted.Secrets.Keys.Where(path => path.StartsWith("headers.", StringComparison.Ordinal))
            .Select(path => path["headers.".Length..]).ToList();
        var isOther = isElsewhere || secrets.IsOther(wanted, "headers");
        var headers = new JsonObject();
        foreach (var name in named.Where(name => isOther || !there.Contains(name)))
            headers[name] = secrets.Of(wanted, $"headers.{name}");
        foreach (var (name, _) in (wanted.Fields["headers"] as JsonObject ?? []).Where(gone => there.Contains(gone.Key)))
            headers[name] = null;
        // One that can't be found isn't taken away.
        foreach (var name in named.Where(name => headers.TryGetPropertyValue(name, out var value) && value is null).ToList())
            headers.Remove(name);
        if (headers.Count > 0)
            difference.SetSecret("headers", isNew: there.Count == 0, headers);
    }

    public static void AddSecret(Difference difference, Wanted wanted, SecretValues secrets, string path, bool isNew)
    {
        if (secrets.Of(wanted, path) is { } value && (isNew || secrets.IsOther(wanted, path)))
            difference.SetSecret(path, isNew, value);
    }

    private static void AddOauth(Difference difference, Wanted wanted, JsonObject? present, SecretValues secrets, bool isElsewhere)
    {
        if (wanted.Fields["oauth"] is not JsonObject oauth)
            return;

        var isSame = Canonical.AreSame("oauth", oauth, present?["oauth"]);
        if (isSame && (oauth.Count == 0 || !(isElsewhere || secrets.IsOther(wanted, "client_secret"))))
            return;
        var request = oauth.DeepClone().AsObject();
        if (oauth.Count > 0 && secrets.Of(wanted, "oauth.client_secret") is { } secret)
            request["client_secret"] = secret;
        difference.SetSecret("oauth", isNew: present?["oauth"] is null, request);
    }

    private static void AddCertificate(Difference difference, Wanted wanted, JsonObject? present, SecretValues secrets, bool isElsewhere)
    {
        var stored = present?["client_certificate"]?["sha256"]?.ToString();
        var isNamed = wanted.Secrets.ContainsKey("client_certificate.chain");
        if (isNamed && secrets.Fingerprint(wanted) is { } fingerprint && (isElsewhere || fingerprint != stored))
        {
            difference.SetSecret("client_certificate", stored is null, new JsonObject
            {
                ["chain"] = secrets.Of(wanted, "client_certificate.chain"),
                ["private_key"] = secrets.Of(wanted, "client_certificate.private_key"),
            });
        }
        else if (!isNamed && wanted.Fields["client_certificate"] is JsonObject && stored is not null)
        {
            difference.Set("client_certificate", stored, new JsonObject());
        }
    }
}
