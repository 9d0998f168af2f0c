namespace Router.Api.Authentication;

/// <summary>An account that has shown who it is, and whose session may begin.</summary>
/// <param name="Id">The account.</param>
/// <param name="Stamp">What changes with its password: a session that was allowed before such a change doesn't begin after it.</param>
/// <param name="Email">What it signs in with.</param>
internal sealed record SessionOwner(Guid Id, Guid Stamp, string Email);
