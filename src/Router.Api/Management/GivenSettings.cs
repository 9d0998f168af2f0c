using Dapper;
using Router.Core.Destinations;

namespace Router.Api.Management;

/// <summary>What a request gives of <see cref="OwnSettings"/>, for the statements that write a destination.</summary>
internal static class GivenSettings
{
    /// <summary>For <c>insert</c>, behind other columns. What isn't given gets its column's default.</summary>
    public static string OwnColumns(this OwnSettings fields) => string.Concat(Given(fields).Select(setting => $", {setting.Name}"));

    /// <summary>Their values, in the same order.</summary>
    public static string OwnParameters(this OwnSettings fields) =>
        string.Concat(Given(fields).Select(setting => $", {Parameter(setting)}"));

    /// <summary>For <c>update</c>, before other changes.</summary>
    public static string OwnChanges(this OwnSettings fields) =>
        string.Concat(Given(fields).Select(setting => $" {setting.Name} = {Parameter(setting)},"));

    /// <summary>With the values that these name.</summary>
    public static DynamicParameters WithOwn(this DynamicParameters parameters, OwnSettings fields)
    {
        foreach (var setting in Given(fields))
            parameters.Add(setting.Name, setting.Stored(fields));
        return parameters;
    }

    /// <summary>Why Lead Manager can't have one of them; null when it can have them all.</summary>
    public static string? WhyNotForLeadManager(this OwnSettings fields) => Given(fields)
        .FirstOrDefault(setting => setting.NotForLeadManager is not null && setting.Stored(fields) is not null)?.NotForLeadManager;

    private static IEnumerable<OwnSetting> Given(OwnSettings fields) =>
        OwnSettings.All.Where(setting => setting.Value(fields) is not null);

    private static string Parameter(OwnSetting setting) => setting.IsJson ? $"@{setting.Name}::jsonb" : $"@{setting.Name}";
}
