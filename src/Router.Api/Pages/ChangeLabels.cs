using System.Text.Json;
using Router.Core.Destinations;

namespace Router.Api.Pages;

/// <summary>What was changed, in plain words: the lines of the audit log.</summary>
internal static class ChangeLabels
{
    public static string Table(string table) => table switch
    {
        "sites" => "site",
        "destinations" => "destination",
        "products" => "product",
        "product_sites" => "access of product",
        "integrations" => "integration",
        "accounts" => "account",
        "account_sites" => "access of",
        "account_logins" => "sign-in at the provider of",
        "invitations" => "invitation of",
        "api_tokens" => "API token",
        "leads" => "contents of lead",
        "refused_leads" => "refused leads:",
        "set_aside" => "set-aside message",
        "person" => "a person's data:",
        "authenticator_apps" => "authenticator app of",
        "passkeys" => "passkey",
        "recovery_codes" => "recovery codes of",
        _ => table,
    };

    public static string Column(string column) => OwnSettings.Find(column)?.Called ?? column switch
    {
        "active" => "switched on",
        "inactive_reason" => "why it is off",
        "url" => "URL",
        "partner_id" => "Partner ID",
        "offered" => "on offer to owners",
        "by_owner" => "let in by an owner",
        "header_names" => "headers",
        "header_values" => "values of headers",
        "oauth_token_url" => "token URL",
        "oauth_client_id" => "client ID for access tokens",
        "oauth_client_secret" => "client secret for access tokens",
        "oauth_scope" => "scope of access tokens",
        "oauth_audience" => "audience of access tokens",
        "oauth_client_auth" => "how the client is identified",
        "certificate_subject" => "client certificate of",
        "certificate_issuer" => "client certificate issued by",
        "certificate_expires_at" => "client certificate expires",
        "certificate_sha256" => "client certificate's fingerprint",
        "partner_id_label" => "word for the Partner ID",
        "partner_id_help" => "where the Partner ID is found",
        "login_url_template" => "login URL",
        "require_proven" => "go-live check required",
        "limits" => "limits of its own",
        "integration_id" => "integration of the catalogue",
        "is_lead_manager" => "is the Lead Manager",
        "display_name" => "name that receivers see",
        "password_sha256" or "password_hash" => "password",
        "previous_password_sha256" => "old password",
        "previous_password_until" => "old password ends",
        "token_sha256" => "link or token",
        "codes_sha256" => "codes",
        "codes_left" => "codes left",
        "copied_at" => "not taken any more, as there is a copy of it",
        "paused_at" => "paused",
        "paused_by" => "paused by",
        "pause_reason" => "why it is paused",
        "disabled_at" => "disabled",
        "deleted_at" => "deleted",
        "revoked_at" => "revoked",
        "events" => "messages with contents",
        "alerts" => "alerts by mail",
        "quiet_from" => "quiet hours begin",
        "quiet_until" => "quiet hours end",
        _ => column.Replace('_', ' '),
    };

    /// <summary>By column: what was before and what after, as people read it.</summary>
    /// <param name="changes">As the audit log has them.</param>
    /// <param name="moment">How the page tells a time.</param>
    public static IEnumerable<(string Column, string Words)> Changes(JsonElement changes, Func<DateTimeOffset, string> moment) =>
        changes.EnumerateObject().Select(change => (
            Column(change.Name),
            change.Value.ValueKind == JsonValueKind.Array && change.Name is not "integration_id"
                ? $"{Value(change.Name, change.Value[0], moment)} → {Value(change.Name, change.Value[1], moment)}" : "changed"));

    /// <summary>What the log has instead of a value that was too long for it; null where the value is there.</summary>
    private static string? LongValue(JsonElement value) =>
        value.TryGetProperty("characters", out var count) && value.TryGetProperty("sha256", out var hash)
            ? $"{count.GetInt64():N0} characters (SHA-256 {hash})" : null;

    private static string Value(string column, JsonElement value, Func<DateTimeOffset, string> moment) => value.ValueKind switch
    {
        JsonValueKind.Null when OwnSettings.Find(column) is { } setting => setting.WhenUnset,
        JsonValueKind.Object when LongValue(value) is { } instead => instead,
        JsonValueKind.Object when column is "quiet_hours" && value.Deserialize<QuietTimes>(JsonSerializerOptions.Web) is { } quiet =>
            Labels.Quiet(quiet),
        JsonValueKind.Null when column.EndsWith("_at", StringComparison.Ordinal) => "no",
        JsonValueKind.Object when column is "limits" =>
            string.Join(", ", value.EnumerateObject().Select(limit => $"{Labels.Limit(limit.Name)}: {limit.Value}")),
        JsonValueKind.Null => "nothing",
        JsonValueKind.Array when value.GetArrayLength() == 0 => "nothing",
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray()),
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.String when value.GetString()!.Length == 0 => "nothing",
        JsonValueKind.String when (column.EndsWith("_at", StringComparison.Ordinal) || column.EndsWith("_until", StringComparison.Ordinal))
            && value.TryGetDateTimeOffset(out var at) => moment(at),
        JsonValueKind.String => (column, value.GetString()!) switch
        {
            ("signature", var scheme) => Labels.Signature(scheme),
            ("kind", var kind) => Labels.Kind(kind),
            ("paused_by", "router") => "the router",
            ("paused_by", _) => "a person",
            ("time_zone", var zone) => TimeZones.Name(zone),
            var (_, text) => text,
        },
        _ => value.ToString(),
    };
}
