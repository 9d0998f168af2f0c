using System.Reflection;

namespace Router.Core.Database;

/// <summary>
/// A step of the schema. Comment lines at its beginning say what is particular to it: <c>-- for hosts that know: NAME</c>, that it takes
/// away what hosts use that don't know the migration of that name; and <c>-- without a transaction</c>, that it is made for
/// <c>create index concurrently</c> and its like, each statement ending with its line and repeatable.
/// </summary>
/// <param name="Name">The file's name, which begins with its number.</param>
/// <param name="Sql">Its statements.</param>
internal sealed record Migration(string Name, string Sql)
{
    private const string NeedsMark = "-- for hosts that know: ";
    private const string OutsideMark = "-- without a transaction";

    /// <summary>The migration that a host must know to run where this one is applied; null where any host can.</summary>
    public string? Needs { get; } = Marks(Sql).FirstOrDefault(line => line.StartsWith(NeedsMark, StringComparison.Ordinal))
        ?[NeedsMark.Length..].Trim();

    /// <summary>Whether its statements run one by one, outside of a transaction.</summary>
    public bool IsWithoutTransaction { get; } = Marks(Sql).Contains(OutsideMark, StringComparer.Ordinal);

    /// <summary>Its statements, one by one.</summary>
    public IReadOnlyList<string> Statements =>
        [.. Sql.Split(";\n", StringSplitOptions.TrimEntries).Where(statement => statement.Trim(';').Length > 0)];

    /// <summary>The files of a folder beside this one, in the order of their names.</summary>
    public static IEnumerable<Migration> Embedded(string folder)
    {
        var assembly = Assembly.GetExecutingAssembly();
        var prefix = $"Router.Core.Database.{folder}.";
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            yield return new Migration(resource[prefix.Length..], reader.ReadToEnd());
        }
    }

    private static IEnumerable<string> Marks(string sql) =>
        sql.Split('\n').TakeWhile(line => line.StartsWith("--", StringComparison.Ordinal)).Select(line => line.TrimEnd());
}
