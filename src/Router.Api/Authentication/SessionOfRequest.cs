namespace Router.Api.Authentication;

/// <summary>The session that a request for a page came with.</summary>
/// <param name="Id">Its row.</param>
/// <param name="How">How its account signed in: one of <see cref="WaysIn"/>.</param>
/// <param name="StartedAt">Since when.</param>
/// <param name="ConfirmedAt">When whoever uses it last showed to be its account.</param>
internal sealed record SessionOfRequest(Guid Id, string How, DateTimeOffset StartedAt, DateTimeOffset ConfirmedAt);
