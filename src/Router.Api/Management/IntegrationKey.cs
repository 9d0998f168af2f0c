using System.Text;
using Dapper;
using Npgsql;
using Router.Core.Destinations;

namespace Router.Api.Management;

/// <summary>The secret by which an integration's maker knows a site: what its owner pastes, and where it goes.</summary>
/// <param name="KeyLabel">What its maker calls it, for example "API key".</param>
/// <param name="KeyHelp">Where a site's owner finds it.</param>
/// <param name="KeyHeader">The header that carries it.</param>
/// <param name="KeyScheme">How, one of <see cref="Schemes"/>.</param>
internal sealed record IntegrationKey(string KeyLabel, string KeyHelp, string KeyHeader, string KeyScheme)
{
    /// <summary>As it is; as a Bearer token; as the username of Basic authentication, with an empty password.</summary>
    public static readonly IReadOnlyList<string> Schemes = ["plain", "bearer", "basic"];

    /// <summary>Why there is nothing to paste.</summary>
    public const string NotAsked = "Only an integration that asks for a key takes one; other keys are headers.";

    /// <summary>What an integration asks for; null for nothing.</summary>
    public static async Task<IntegrationKey?> Of(NpgsqlConnection connection, Guid? integration) =>
        integration is null ? null : await connection.QuerySingleOrDefaultAsync<IntegrationKey>(
            """
            select key_label, key_help, key_header, key_scheme from integrations where id = @integration and key_label is not null
            """, new { integration });

    /// <summary>Why this can't be the key, as a sentence that doesn't repeat it; null when it can.</summary>
    public string? Problem(string? key) =>
        string.IsNullOrWhiteSpace(key) ? $"Enter your {KeyLabel}."
        : KeyScheme == "basic" && key.Contains(':', StringComparison.Ordinal) ? $"The {KeyLabel} can't have a colon in it."
        : RequestHeaders.ValueProblem(ToHeader(key).Value) is null ? null
        : $"The {KeyLabel} can have letters, digits and signs of ASCII only, on one line.";

    /// <summary>The header that carries a key.</summary>
    public RequestHeader ToHeader(string key) => new(KeyHeader, KeyScheme switch
    {
        "bearer" => $"Bearer {key.Trim()}",
        "basic" => $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{key.Trim()}:"))}",
        _ => key.Trim(),
    });
}

/// <summary>Puts a pasted key among a destination's headers.</summary>
internal static class PastedKey
{
    public static DestinationFields WithKey(this DestinationFields fields, IntegrationKey? key)
    {
        if (fields.Key is null || key is null)
            return fields;

        var header = key.ToHeader(fields.Key);
        var headers = (fields.Headers ?? new Dictionary<string, string?>())
            .Where(other => !other.Key.Equals(header.Name, StringComparison.OrdinalIgnoreCase)).ToDictionary(StringComparer.Ordinal);
        headers[header.Name] = header.Value;
        return fields with { Headers = headers };
    }
}
