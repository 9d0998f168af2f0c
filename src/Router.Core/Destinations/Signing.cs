using System.Globalization;
using System.Text;

namespace Router.Core.Destinations;

/// <summary>How a destination's requests are signed.</summary>
public enum SignatureScheme
{
    /// <summary><c>X-Lead-Router-Signature</c> alone; any text is a secret.</summary>
    LeadRouter,

    /// <summary>
    /// <c>webhook-id</c>, <c>webhook-timestamp</c> and <c>webhook-signature</c> alone; the secret is a <c>whsec_</c> one.
    /// </summary>
    StandardWebhooks,

    /// <summary>All of them, with one <c>whsec_</c> secret.</summary>
    Both,
}

/// <summary>The words for schemes, in <c>destinations.signature</c> and in JSON.</summary>
public static class SignatureSchemes
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<SignatureScheme> All = Enum.GetValues<SignatureScheme>();

    private static readonly Dictionary<string, SignatureScheme> ByText = All.ToDictionary(Text, StringComparer.Ordinal);

    /// <summary>Its word.</summary>
    public static string Text(this SignatureScheme scheme) => scheme switch
    {
        SignatureScheme.LeadRouter => "lead_router",
        SignatureScheme.StandardWebhooks => "standard_webhooks",
        SignatureScheme.Both => "both",
    };

    /// <summary>The scheme of that word; null when there is none.</summary>
    public static SignatureScheme? TryParse(string? text) => text is not null && ByText.TryGetValue(text, out var scheme) ? scheme : null;

    /// <summary>The scheme of a word from the database.</summary>
    public static SignatureScheme Parse(string text) => ByText[text];
}

/// <summary>
/// A destination's scheme and secrets. While a rotation lasts the previous secret signs too, where a header can hold both.
/// </summary>
public sealed class Signing
{
    private readonly SignatureScheme _scheme;
    private readonly byte[]? _text;
    private readonly byte[]? _key;
    private readonly byte[]? _previousKey;
    private readonly DateTimeOffset? _previousUntil;

    /// <summary>Prepares the keys once.</summary>
    /// <param name="scheme">How to sign.</param>
    /// <param name="secret">The secret in force; null when what is stored can't be read.</param>
    /// <param name="previousSecret">The one before it, during a rotation.</param>
    /// <param name="previousUntil">When that one ends.</param>
    public Signing(SignatureScheme scheme, string? secret, string? previousSecret = null, DateTimeOffset? previousUntil = null)
    {
        _scheme = scheme;
        CanSign = secret is not null;
        if (secret is null)
            return;

        if (scheme != SignatureScheme.StandardWebhooks)
            _text = Encoding.UTF8.GetBytes(secret);
        if (scheme == SignatureScheme.LeadRouter)
            return;

        CanSign = WebhookSecret.TryDecode(secret, out var key);
        _key = key;
        if (previousSecret is not null && WebhookSecret.TryDecode(previousSecret, out var previous))
            (_previousKey, _previousUntil) = (previous, previousUntil);
    }

    /// <summary>
    /// False when the secret can't be read, or isn't the <c>whsec_</c> one that the scheme needs: then nothing may be sent.
    /// </summary>
    public bool CanSign { get; }

    /// <summary>The signature headers of one attempt.</summary>
    /// <param name="messageId">The event.</param>
    /// <param name="now">The time of the attempt.</param>
    /// <param name="body">The exact bytes that are sent.</param>
    public IEnumerable<(string Name, string Value)> Headers(Guid messageId, DateTimeOffset now, byte[] body)
    {
        if (_text is not null)
            yield return ("X-Lead-Router-Signature", Signature.Of(_text, body));
        if (_key is null)
            yield break;

        var seconds = now.ToUnixTimeSeconds();
        var signatures = Signature.StandardWebhooks(_key, messageId, seconds, body);
        if (_previousKey is not null && now < _previousUntil)
            signatures += ' ' + Signature.StandardWebhooks(_previousKey, messageId, seconds, body);
        yield return ("webhook-id", messageId.ToString("D"));
        yield return ("webhook-timestamp", seconds.ToString(CultureInfo.InvariantCulture));
        yield return ("webhook-signature", signatures);
    }

    /// <summary>The same scheme with a secret that is nobody's: to find out whether a receiver verifies.</summary>
    public Signing Forged() => new(_scheme, $"whsec_{Convert.ToBase64String(new byte[32])}");

    /// <summary>Never a key.</summary>
    public override string ToString() => nameof(Signing);
}
