using System.Text.Json.Nodes;

namespace Router.Cli.Configuration;

/// <summary>What a file may say: the API's own names (docs/api.md), with secrets by reference.</summary>
internal static class Shapes
{
    public static readonly Shape.Named Site = Shape.Of(
        ("id", Shape.Text), ("name", Shape.Text), ("domain", Shape.Text), ("login_url_template", Shape.Text),
        ("require_proven", Shape.Flag),
        ("limits", Shape.Of(
            ("destinations", Shape.Number), ("in_flight", Shape.Number), ("in_flight_at_host", Shape.Number),
            ("waiting_megabytes", Shape.Number), ("replays", Shape.Number), ("replayed_per_hour", Shape.Number),
            ("tests_per_minute", Shape.Number))),
        ("lead_manager", DestinationShape.LeadManager), ("destinations", new Shape.ListOf(DestinationShape.Any)),
        ("senders", new Shape.ListOf(Shape.Text)),
        ("people", new Shape.MapOf(Shape.Text)));

    public static readonly Shape.Named Product = Shape.Of(
        ("username", Shape.Text), ("display_name", Shape.Text), ("is_lead_manager", Shape.Flag), ("password", Shape.Secret),
        ("description", Shape.Text), ("offered", Shape.Flag));

    public static readonly Shape.Named Integration = Shape.Of(
        ("name", Shape.Text), ("description", Shape.Text), ("url", Shape.Text), ("secret", Shape.Secret), ("signature", Shape.Text),
        ("partner_id_label", Shape.Text), ("partner_id_help", Shape.Text), ("key_label", Shape.Text), ("key_help", Shape.Text),
        ("key_header", Shape.Text), ("key_scheme", Shape.Text), ("headers", new Shape.MapOf(Shape.Secret)),
        ("mapping", SettingShapes.Mapping), ("answer_rules", SettingShapes.AnswerRules), ("published", Shape.Flag));

    /// <summary>What the API takes for "as if it had never been set"; a file says <c>null</c>.</summary>
    public static JsonNode? Unset(string field) => DestinationShape.Unset(field) ?? field switch
    {
        "limits" => new JsonObject(),
        "login_url_template" or "description" or "partner_id_label" or "partner_id_help" or "key_label" or "key_help" => "",
        "require_proven" or "offered" or "published" => false,
        _ => null,
    };
}
