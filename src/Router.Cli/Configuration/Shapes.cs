using System.Text.Json.Nodes;

namespace Router.Cli.Configuration;

/// <summary>What a file may say: the API's own names (docs/api.md), with secrets by reference.</summary>
internal static class Shapes
{
    private static readonly Shape Filter = Of(
        ("all", Shape.Flag),
        ("conditions", new Shape.ListOf(Of(
            ("field", Shape.Text), ("operator", Shape.Text), ("values", new Shape.ListOf(Shape.Text)), ("missing", Shape.Flag)))));

    private static readonly Shape Mapping = Of(
        ("body", Shape.Text),
        ("actions", new Shape.MapOf(Of(
            ("template", Shape.Text),
            ("fields", new Shape.ListOf(Of(
                ("to", Shape.Text), ("from", new Shape.ListOf(Shape.Text)), ("value", Shape.Text), ("separator", Shape.Text),
                ("default", Shape.Text))))))),
        ("tests", new Shape.ListOf(Of(
            ("name", Shape.Text), ("action", Shape.Text), ("event", Shape.Anything), ("expected", Shape.Anything)))));

    private static readonly Shape AnswerRules = new Shape.ListOf(Of(
        ("means", Shape.Text), ("status", Shape.Text), ("field", Shape.Text), ("values", new Shape.ListOf(Shape.Text)),
        ("reason", Shape.Text), ("reason_field", Shape.Text)));

    /// <summary>What a Lead Manager may have as well.</summary>
    private static readonly (string, Shape)[] OfEvery =
    [
        ("url", Shape.Text), ("secret", Shape.Secret), ("partner_id", Shape.Text), ("signature", Shape.Text),
        ("max_in_flight", Shape.Number), ("max_per_second", Shape.Number), ("retry_schedule", new Shape.ListOf(Shape.Number)),
        ("timeout", Shape.Number), ("keep_order", Shape.Flag), ("headers", new Shape.MapOf(Shape.Secret)),
        ("oauth", Of(
            ("token_url", Shape.Text), ("client_id", Shape.Text), ("client_secret", Shape.Secret), ("scope", Shape.Text),
            ("audience", Shape.Text), ("client_auth", Shape.Text))),
        ("client_certificate", Of(("chain", Shape.Secret), ("private_key", Shape.Secret))),
    ];

    public static readonly Shape.Named LeadManager = Of(OfEvery);

    public static readonly Shape.Named Destination = Of(
    [
        .. OfEvery, ("name", Shape.Text), ("renamed_from", Shape.Text), ("integration", Shape.Text), ("key", Shape.Secret),
        ("active", Shape.Flag), ("paused", Shape.Flag), ("time_to_live", Shape.Number),
        ("quiet_hours", Of(
            ("from", Shape.Text), ("until", Shape.Text), ("days", new Shape.ListOf(Shape.Number)), ("time_zone", Shape.Text))),
        ("actions", new Shape.ListOf(Shape.Text)), ("filter", Filter), ("mapping", Mapping), ("answer_rules", AnswerRules),
    ]);

    public static readonly Shape.Named Site = Of(
        ("id", Shape.Text), ("name", Shape.Text), ("domain", Shape.Text), ("login_url_template", Shape.Text),
        ("require_proven", Shape.Flag),
        ("limits", Of(
            ("destinations", Shape.Number), ("in_flight", Shape.Number), ("in_flight_at_host", Shape.Number),
            ("waiting_megabytes", Shape.Number), ("replays", Shape.Number), ("replayed_per_hour", Shape.Number),
            ("tests_per_minute", Shape.Number))),
        ("lead_manager", LeadManager), ("destinations", new Shape.ListOf(Destination)), ("senders", new Shape.ListOf(Shape.Text)),
        ("people", new Shape.MapOf(Shape.Text)));

    public static readonly Shape.Named Product = Of(
        ("username", Shape.Text), ("display_name", Shape.Text), ("is_lead_manager", Shape.Flag), ("password", Shape.Secret),
        ("description", Shape.Text), ("offered", Shape.Flag));

    public static readonly Shape.Named Integration = Of(
        ("name", Shape.Text), ("description", Shape.Text), ("url", Shape.Text), ("secret", Shape.Secret), ("signature", Shape.Text),
        ("partner_id_label", Shape.Text), ("partner_id_help", Shape.Text), ("key_label", Shape.Text), ("key_help", Shape.Text),
        ("key_header", Shape.Text), ("key_scheme", Shape.Text), ("headers", new Shape.MapOf(Shape.Secret)), ("mapping", Mapping),
        ("answer_rules", AnswerRules), ("published", Shape.Flag));

    /// <summary>What the API takes for "as if it had never been set"; a file says <c>null</c>.</summary>
    public static JsonNode? Unset(string field) => field switch
    {
        "max_in_flight" or "max_per_second" or "timeout" or "time_to_live" => 0,
        "retry_schedule" or "answer_rules" => new JsonArray(),
        "quiet_hours" or "oauth" or "client_certificate" or "limits" => new JsonObject(),
        "filter" => new JsonObject { ["all"] = true, ["conditions"] = new JsonArray() },
        "mapping" => new JsonObject { ["actions"] = new JsonObject() },
        "actions" => new JsonArray("created", "updated", "activity_added", "user_updated"),
        "partner_id" or "login_url_template" or "description" or "partner_id_label" or "partner_id_help" or "key_label" or "key_help" => "",
        "keep_order" => true,
        "require_proven" or "paused" or "offered" or "published" => false,
        "signature" => "lead_router",
        _ => null,
    };

    private static Shape.Named Of(params (string Name, Shape Shape)[] fields) =>
        new(fields.ToDictionary(field => field.Name, field => field.Shape, StringComparer.Ordinal));
}
