using System.Net.Http.Headers;

namespace Router.Core.Destinations;

/// <summary>The body of a request to a destination.</summary>
/// <param name="Bytes">The exact bytes to sign and send.</param>
/// <param name="ContentType">Their type.</param>
/// <param name="Own">The event in our own format: the same, unless the destination has a mapping.</param>
public readonly record struct OutgoingContent(byte[] Bytes, MediaTypeHeaderValue ContentType, byte[] Own)
{
    /// <summary>That of our own format.</summary>
    public static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <summary>An event in our own format.</summary>
    public static OutgoingContent OfOwn(byte[] bytes) => new(bytes, Json, bytes);

    /// <summary>How many bytes it holds in memory.</summary>
    internal int Held => Bytes.Length + (ReferenceEquals(Bytes, Own) ? 0 : Own.Length);

    /// <summary>Why there is no body, for whoever keeps the mapping; null when there is one.</summary>
    public string? Problem { get; init; }
}
