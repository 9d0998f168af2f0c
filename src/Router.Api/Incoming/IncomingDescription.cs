namespace Router.Api.Incoming;

/// <summary>What the incoming endpoints take and answer: they read their bodies themselves, so nothing can be inferred.</summary>
/// <param name="Body">The name of the body's schema, or null for none.</param>
/// <param name="Status">The status of success.</param>
/// <param name="Example">A body that is accepted.</param>
/// <param name="IsList">Whether the body is a list of the schema.</param>
internal sealed record IncomingDescription(string? Body, int Status, string? Example = null, bool IsList = false);
