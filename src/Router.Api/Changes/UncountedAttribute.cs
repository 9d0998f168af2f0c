namespace Router.Api.Changes;

/// <summary>
/// A request that <see cref="ChangeRate"/> doesn't count, though it isn't a GET: it changes nothing, has a limit of its own, or takes
/// something back that was counted when it was given. Whoever is at the limit must still be able to shut somebody out.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UncountedAttribute : Attribute;
