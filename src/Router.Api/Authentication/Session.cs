namespace Router.Api.Authentication;

/// <summary>An account as a session needs it.</summary>
internal sealed record Session(Guid Id, Guid Stamp, string Email);
