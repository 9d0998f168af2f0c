namespace Router.Cli.Configuration;

/// <summary>What may be said of settings that are more than one value.</summary>
internal static class SettingShapes
{
    public static readonly Shape QuietHours = Shape.Of(
        ("from", Shape.Text), ("until", Shape.Text), ("days", new Shape.ListOf(Shape.Number)), ("time_zone", Shape.Text));

    public static readonly Shape Filter = Shape.Of(
        ("all", Shape.Flag),
        ("conditions", new Shape.ListOf(Shape.Of(
            ("field", Shape.Text), ("operator", Shape.Text), ("values", new Shape.ListOf(Shape.Text)), ("missing", Shape.Flag)))));

    public static readonly Shape Oauth = Shape.Of(
        ("token_url", Shape.Text), ("client_id", Shape.Text), ("client_secret", Shape.Secret), ("scope", Shape.Text),
        ("audience", Shape.Text), ("client_auth", Shape.Text));

    public static readonly Shape Mapping = Shape.Of(
        ("body", Shape.Text),
        ("actions", new Shape.MapOf(Shape.Of(
            ("template", Shape.Text),
            ("fields", new Shape.ListOf(Shape.Of(
                ("to", Shape.Text), ("from", new Shape.ListOf(Shape.Text)), ("value", Shape.Text), ("separator", Shape.Text),
                ("default", Shape.Text))))))),
        ("tests", new Shape.ListOf(Shape.Of(
            ("name", Shape.Text), ("action", Shape.Text), ("event", Shape.Anything), ("expected", Shape.Anything)))));

    public static readonly Shape AnswerRules = new Shape.ListOf(Shape.Of(
        ("means", Shape.Text), ("status", Shape.Text), ("field", Shape.Text), ("values", new Shape.ListOf(Shape.Text)),
        ("reason", Shape.Text), ("reason_field", Shape.Text)));
}
