using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Router.Cli.Listening;

/// <summary>
/// What a receiver can know of a request's signatures, as docs/receivers.md says. Each is null where the request has none.
/// </summary>
/// <param name="LeadRouter">Of <c>X-Lead-Router-Signature</c>.</param>
/// <param name="StandardWebhooks">Of <c>webhook-signature</c>.</param>
internal sealed record Verdict(string? LeadRouter, string? StandardWebhooks)
{
    private const string Valid = "valid";
    private const string Wrong = "wrong";
    private const string TooOld = "too old";

    private static readonly TimeSpan Oldest = TimeSpan.FromMinutes(5);

    /// <summary>There is a signature, and none that is there is wrong.</summary>
    public bool IsGood => (LeadRouter ?? StandardWebhooks) is not null && (LeadRouter ?? Valid) == Valid
        && (StandardWebhooks ?? Valid) == Valid;

    /// <summary>For people.</summary>
    public string Sentence => (LeadRouter, StandardWebhooks) switch
    {
        (null, null) => "no signature",
        (not null, null) => $"signature {LeadRouter}",
        (null, not null) => $"Standard Webhooks signature {StandardWebhooks}",
        _ => $"signature {LeadRouter}, Standard Webhooks {StandardWebhooks}",
    };

    /// <param name="header">Reads a header; null where it isn't there.</param>
    /// <param name="body">The exact bytes.</param>
    /// <param name="secrets">Each that is good: during a rotation two.</param>
    /// <param name="now">By the receiver's clock.</param>
    public static Verdict Of(Func<string, string?> header, byte[] body, IReadOnlyList<string> secrets, DateTimeOffset now) => new(
        header("X-Lead-Router-Signature") is { } signature
            ? secrets.Any(secret => IsPlain(signature, body, secret)) ? Valid : Wrong : null,
        header("webhook-signature") is { } signatures
            ? Standard(signatures, header("webhook-id") ?? "", header("webhook-timestamp") ?? "", body, secrets, now) : null);

    private static bool IsPlain(string signature, byte[] body, string secret) =>
        AreSame(signature, Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body)));

    private static string Standard(
        string signatures, string id, string timestamp, byte[] body, IReadOnlyList<string> secrets, DateTimeOffset now)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
        var expected = secrets.Select(Key).OfType<byte[]>()
            .Select(key => $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, signed))}").ToList();
        if (!signatures.Split(' ').Any(given => expected.Exists(one => AreSame(given, one))))
            return Wrong;

        return long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && Math.Abs(now.ToUnixTimeSeconds() - seconds) <= Oldest.TotalSeconds ? Valid : TooOld;
    }

    private static byte[]? Key(string secret)
    {
        const string prefix = "whsec_";
        var bytes = new byte[secret.Length];
        return secret.StartsWith(prefix, StringComparison.Ordinal)
            && Convert.TryFromBase64String(secret[prefix.Length..], bytes, out var length) ? bytes[..length] : null;
    }

    private static bool AreSame(string given, string expected) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected));
}
