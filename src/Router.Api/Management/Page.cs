using Router.Core.Leads;

namespace Router.Api.Management;

/// <summary>A part of a list.</summary>
/// <param name="Items">In the list's order.</param>
/// <param name="Next">Pass it as <c>cursor</c> for the next part; null at the end.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next)
{
    /// <summary>Takes one row more than asked for as the sign that there is a next part.</summary>
    public static Page<T> Of(List<T> rows, int limit, Func<T, string> cursor) => rows.Count <= limit
        ? new Page<T>(rows, null)
        : new Page<T>(rows[..limit], cursor(rows[limit - 1]));
}

/// <summary>The place of a delivery in a list, <c>event.destination</c>.</summary>
internal static class DeliveryCursor
{
    public static string Of(Guid @event, Guid destination) => $"{@event:N}.{destination:N}";

    /// <summary>Null when no list gave this out.</summary>
    public static (Guid Event, Guid Destination)? Parse(string? cursor) =>
        cursor?.Split('.') is [var first, var second] && Uuids.TryParse(first, out var @event)
            && Uuids.TryParse(second, out var destination) ? (@event, destination) : null;
}

internal static class Paging
{
    public const int DefaultLimit = 50;

    /// <summary>1 to 500; anything else is brought into that range.</summary>
    public static int Limit(int? asked) => Math.Clamp(asked ?? DefaultLimit, 1, 500);
}
