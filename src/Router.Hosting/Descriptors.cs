using System.Globalization;

namespace Router.Hosting;

/// <summary>
/// The file descriptors of this process. A host that has used them up dies: .NET can't compile a method any more, says
/// <c>Out of memory</c> and ends.
/// </summary>
internal static class Descriptors
{
    // What the host itself has still to open when this is settled: pools of connections to Postgres and RabbitMQ, assemblies.
    private const int Ours = 100;

    private static readonly Lazy<int> AtStart = new(() => (int)Math.Clamp(Limit() - Open() - Ours, 0, int.MaxValue));

    /// <summary>How many there are for connections of others and to others, as it was when the host started.</summary>
    public static int Room => AtStart.Value;

    // A host has some 350 assemblies open before anybody connects.
    private static int Open() => Directory.Exists("/proc/self/fd") ? Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() : 0;

    /// <summary>How many files this process may have open; .NET has raised the soft limit to the hard one.</summary>
    private static long Limit()
    {
        const string limits = "/proc/self/limits", name = "Max open files";
        var line = File.Exists(limits) ? File.ReadLines(limits).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))
            : null;
        var soft = line?[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var most) ? most : int.MaxValue;
    }
}
