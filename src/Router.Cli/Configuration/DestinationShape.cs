using System.Text.Json.Nodes;

namespace Router.Cli.Configuration;

/// <summary>What a file may say of a destination: a setting is a line here.</summary>
internal static class DestinationShape
{
    /// <summary>What the API takes and shows alike, in the order in which an export has it.</summary>
    private static readonly Setting[] Settings =
    [
        new("url", Shape.Text),
        new("partner_id", Shape.Text, ""),
        new("signature", Shape.Text, "lead_router"),
        new("active", Shape.Flag, IsOfLeadManager: false),
        new("max_in_flight", Shape.Number, 0),
        new("max_per_second", Shape.Number, 0),
        new("retry_schedule", new Shape.ListOf(Shape.Number), new JsonArray()),
        new("timeout", Shape.Number, 0),
        new("time_to_live", Shape.Number, 0, IsOfLeadManager: false),
        new("quiet_hours", SettingShapes.QuietHours, new JsonObject(), IsOfLeadManager: false),
        new("keep_order", Shape.Flag, true),
        new("actions", new Shape.ListOf(Shape.Text), new JsonArray("created", "updated", "activity_added", "user_updated"),
            IsOfLeadManager: false),
        new("filter", SettingShapes.Filter, new JsonObject { ["all"] = true, ["conditions"] = new JsonArray() }, IsOfLeadManager: false),
        new("mapping", SettingShapes.Mapping, new JsonObject { ["actions"] = new JsonObject() }, IsOfLeadManager: false),
        new("answer_rules", SettingShapes.AnswerRules, new JsonArray(), IsOfLeadManager: false),
    ];

    /// <summary>What is said or kept otherwise: names, secrets, a pause.</summary>
    private static readonly Setting[] Others =
    [
        new("secret", Shape.Secret),
        new("headers", new Shape.MapOf(Shape.Secret)),
        new("oauth", SettingShapes.Oauth, new JsonObject()),
        new("client_certificate", Shape.Of(("chain", Shape.Secret), ("private_key", Shape.Secret)), new JsonObject()),
        new("name", Shape.Text, IsOfLeadManager: false),
        new("renamed_from", Shape.Text, IsOfLeadManager: false),
        new("integration", Shape.Text, IsOfLeadManager: false),
        new("key", Shape.Secret, IsOfLeadManager: false),
        new("paused", Shape.Flag, false, IsOfLeadManager: false),
    ];

    public static readonly Shape.Named Any = Shape.Of(Settings.Concat(Others).Select(setting => (setting.Name, setting.Shape)));

    public static readonly Shape.Named LeadManager = Shape.Of(
        Settings.Concat(Others).Where(setting => setting.IsOfLeadManager).Select(setting => (setting.Name, setting.Shape)));

    /// <summary>What an export has.</summary>
    public static IEnumerable<string> Exported => Settings.Select(setting => setting.Name);

    /// <summary>What the API takes for "as if it had never been set"; null where it knows no such thing.</summary>
    public static JsonNode? Unset(string field) =>
        Settings.Concat(Others).FirstOrDefault(setting => setting.Name == field)?.Unset?.DeepClone();

    /// <param name="Name">As the API has it.</param>
    /// <param name="Shape">What may be said of it.</param>
    /// <param name="Unset">What the API takes for "as if it had never been set".</param>
    /// <param name="IsOfLeadManager">Whether a Lead Manager may have it, too.</param>
    private sealed record Setting(string Name, Shape Shape, JsonNode? Unset = null, bool IsOfLeadManager = true);
}
