using Router.Core.Destinations;

namespace Router.Api.Pages.Sites;

/// <summary>A filter in plain words.</summary>
internal static class LeadFilters
{
    /// <summary>As the form names it; unknown ones compare for being equal.</summary>
    public static FilterOperator Operator(string? name) => Enum.TryParse<FilterOperator>(name, out var known) ? known : FilterOperator.Is;

    public static string Words(FilterOperator comparison) => comparison switch
    {
        FilterOperator.Is => "is",
        FilterOperator.Contains => "contains",
        FilterOperator.StartsWith => "begins with",
        FilterOperator.AtLeast => "is at least",
        FilterOperator.AtMost => "is at most",
        FilterOperator.Exists => "is given",
    };

    /// <summary><c>source is Website or Open house, and zip begins with 96</c>.</summary>
    public static string Words(LeadFilter filter) => string.Join(
        filter.All ? ", and " : ", or ",
        filter.Conditions.Select(condition =>
            $"{condition.Field} {Words(condition.Operator)} {string.Join(" or ", condition.Values ?? [])}".TrimEnd()));
}
