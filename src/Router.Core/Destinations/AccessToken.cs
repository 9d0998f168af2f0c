using System.Globalization;
using System.Text.Json;

namespace Router.Core.Destinations;

/// <summary>A bearer token that a token endpoint gave.</summary>
/// <param name="Text">A secret: never stored, logged or shown.</param>
/// <param name="Lifetime">For how long from its request on it is used: until shortly before it expires.</param>
public sealed record AccessToken(string Text, TimeSpan Lifetime)
{
    /// <summary>The most characters of one: most servers refuse heads of more than 8 KiB.</summary>
    public const int Longest = 7_000;

    /// <summary>What people see of it.</summary>
    public static readonly AccessToken Hidden = new(RequestHeader.Hidden, TimeSpan.Zero);

    // Of an endpoint that doesn't say. A shorter life costs a request; a longer one is ended by the receiver's 401.
    private const double UsualSeconds = 300;

    private const double MostSeconds = 24 * 60 * 60;

    /// <summary>How it is sent.</summary>
    public RequestHeader Header => new("Authorization", $"Bearer {Text}");

    /// <summary>The token in an endpoint's answer (RFC 6749, section 5.1); null where there is none that can be used.</summary>
    /// <param name="answer">The answer's body.</param>
    public static AccessToken? Read(ReadOnlyMemory<byte> answer) => Read(
        answer,
        json => Given(json, "access_token") is { } token && IsSendable(token)
            // Some leave the type out. Any other than this wants more than a header.
            && (Given(json, "token_type") ?? "Bearer").Equals("Bearer", StringComparison.OrdinalIgnoreCase)
                ? new AccessToken(token, UseFor(Seconds(json))) : null);

    /// <summary>
    /// The error that an endpoint names (RFC 6749, section 5.2); null for any other text, which might repeat what nobody may read.
    /// </summary>
    /// <param name="answer">The answer's body.</param>
    public static string? ReadError(ReadOnlyMemory<byte> answer) => Read(
        answer,
        json => Given(json, "error") is "invalid_request" or "invalid_client" or "invalid_grant" or "unauthorized_client"
            or "unsupported_grant_type" or "invalid_scope" ? Given(json, "error") : null);

    /// <summary>Never the token.</summary>
    public override string ToString() => nameof(AccessToken);

    /// <summary>A minute less than it lives; of a short life a tenth less.</summary>
    private static TimeSpan UseFor(double seconds)
    {
        var lives = Math.Clamp(seconds, 0, MostSeconds);
        return TimeSpan.FromSeconds(lives - Math.Min(60, lives / 10));
    }

    private static T? Read<T>(ReadOnlyMemory<byte> answer, Func<JsonElement, T?> read) where T : class
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            return json.RootElement.ValueKind is JsonValueKind.Object ? read(json.RootElement) : null;
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            // The latter is half a character.
            return null;
        }
    }

    private static string? Given(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    /// <summary>A number by the standard; some send it as a string.</summary>
    private static double Seconds(JsonElement json) => json.TryGetProperty("expires_in", out var value) ? value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetDouble(out var seconds) => seconds,
        JsonValueKind.String when double.TryParse(
            value.GetString(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && double.IsFinite(seconds) => seconds,
        _ => UsualSeconds,
    } : UsualSeconds;

    private static bool IsSendable(string token) => token.Length is > 0 and <= Longest && !token.Any(letter => letter is <= ' ' or > '~');
}
