using Router.Api.Changes;
using Router.Core.Destinations;

namespace Router.Api.Management;

/// <summary>The headers of a destination as its row has them: names in the open, values encrypted.</summary>
internal sealed record StoredHeaders(string[] HeaderNames, string? HeaderValues)
{
    public static readonly StoredHeaders None = new([], null);

    /// <summary>
    /// With these set, and those without a value taken away. Refused when there are too many then, or the old ones can't be read.
    /// </summary>
    public Change<StoredHeaders> With(IReadOnlyDictionary<string, string?>? changes, SecretProtection secrets)
    {
        if (changes is null or { Count: 0 })
            return this;

        var named = new Dictionary<string, string?>(changes, StringComparer.OrdinalIgnoreCase);
        var kept = HeaderNames.Where(name => !named.ContainsKey(name)).ToList();
        if (RequestHeaders.Read(HeaderNames, HeaderValues, secrets) is not { } before)
            return kept.Count == 0 ? Of(named, [], secrets)
                : Refusal.Conflict(
                    $"The values of {string.Join(", ", kept)} can no longer be decrypted: enter them again, or take them away.");

        return Of(named, [.. before.Where(header => !named.ContainsKey(header.Name))], secrets);
    }

    /// <summary>These of them, and the others; null when the values can't be read.</summary>
    public (StoredHeaders Named, StoredHeaders Others)? Split(string[] names, SecretProtection secrets)
    {
        if (RequestHeaders.Read(HeaderNames, HeaderValues, secrets) is not { } all)
            return null;

        var parts = all.ToLookup(header => names.Contains(header.Name, StringComparer.OrdinalIgnoreCase));
        return (Of([.. parts[true]], secrets), Of([.. parts[false]], secrets));
    }

    private static StoredHeaders Of(RequestHeader[] headers, SecretProtection secrets) => headers.Length == 0 ? None
        : new StoredHeaders([.. headers.Select(header => header.Name)], secrets.Protect(RequestHeaders.ToJson(headers)));

    private static Change<StoredHeaders> Of(
        Dictionary<string, string?> changes, IReadOnlyList<RequestHeader> kept, SecretProtection secrets)
    {
        RequestHeader[] all =
            [.. kept, .. changes.Where(one => one.Value is not null).Select(one => new RequestHeader(one.Key, one.Value!))];
        if (all.Length > RequestHeaders.Most)
            return Refusal.Conflict($"A destination can have {RequestHeaders.Most} headers of its own at most.");

        return Of(all, secrets);
    }
}
