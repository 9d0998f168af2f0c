using System.Reflection;

namespace Router.Testing;

/// <summary>Where this build came from.</summary>
public static class Repository
{
    public static string Root => Metadata("Repository");

    /// <summary>A host as it was built along with these tests.</summary>
    public static string Host(string name) => Path.Combine(Root, "src", name, "bin", Metadata("Configuration"), "net10.0", $"{name}.dll");

    private static string Metadata(string key) =>
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
