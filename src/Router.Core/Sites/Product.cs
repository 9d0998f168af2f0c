using System.Collections.Frozen;

namespace Router.Core.Sites;

/// <summary>A sending system: a website backend that posts leads, for some sites, with a username and password of its own.</summary>
/// <param name="Username">Its Basic username.</param>
/// <param name="DisplayName">What receivers see as <c>source_system</c>.</param>
/// <param name="IsLeadManager">Whether it is the Lead Manager itself, which alone may write users.</param>
/// <param name="PasswordSha256">32 bytes.</param>
/// <param name="Sites">The sites it may send for.</param>
public sealed record Product(string Username, string DisplayName, bool IsLeadManager, byte[] PasswordSha256, FrozenSet<Guid> Sites);
