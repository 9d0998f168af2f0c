using System.Collections.Frozen;
using System.Net;

namespace Router.Core.Sites;

/// <summary>A sending system: a website backend that posts leads, for some sites, with a username and password of its own.</summary>
/// <param name="Username">Its Basic username.</param>
/// <param name="DisplayName">What receivers see as <c>source_system</c>.</param>
/// <param name="IsLeadManager">Whether it is the Lead Manager itself, which alone may write users.</param>
/// <param name="Password">What it signs in with.</param>
/// <param name="Sites">The sites it may send for.</param>
public sealed record Product(
    string Username, string DisplayName, bool IsLeadManager, ProductPassword Password, FrozenSet<Guid> Sites)
{
    /// <summary>The password before, which lets it in, too; null when there is none.</summary>
    public ProductPassword? Previous { get; init; }

    /// <summary>When the password before ends; null: when somebody ends it.</summary>
    public DateTimeOffset? PreviousUntil { get; init; }

    /// <summary>From which it may send; null for anywhere.</summary>
    public IReadOnlyList<IPNetwork>? Networks { get; init; }

    /// <summary>Which of its passwords has this hash at this time; null for none.</summary>
    public ProductPassword? Find(ReadOnlySpan<byte> sha256, DateTimeOffset now) =>
        Password.Is(sha256) ? Password
        : Previous is { } previous && (PreviousUntil is not { } until || now < until) && previous.Is(sha256) ? previous : null;

    /// <summary>Whether a request from there is its own.</summary>
    public bool MaySendFrom(IPAddress? address)
    {
        if (Networks is null)
            return true;
        if (address is null)
            return false;

        // As a socket for both families spells it.
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Networks.Any(network => network.Contains(plain));
    }
}
