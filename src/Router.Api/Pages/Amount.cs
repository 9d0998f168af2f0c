using System.Globalization;
using Router.Core.Deliveries;

namespace Router.Api.Pages;

/// <summary>Numbers as people read them. What is counted no further than a limit says so.</summary>
internal static class Amount
{
    public static string Words(int count) => count > TroubledDestinations.Most
        ? $"more than {TroubledDestinations.Most.ToString("N0", CultureInfo.InvariantCulture)}"
        : count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Of(long count, string one, string many) => $"{Count(count)} {(count == 1 ? one : many)}";

    public static string Of(int count, string one, string many) => $"{Words(count)} {(count == 1 ? one : many)}";
}
