using System.Globalization;

namespace Router.Benchmarks.Measuring;

/// <summary>One of the processes that a lead costs something, under the name that it has in the report.</summary>
internal sealed record MeasuredProcess(string Name, int Id);

/// <summary>What processes have used, as the kernel counts it.</summary>
internal static class ProcessCosts
{
    private const double TicksPerSecond = 100;

    /// <summary>
    /// CPU seconds so far by name, user and system, with those of child processes alive or ended: Postgres is one for each connection.
    /// </summary>
    public static Dictionary<string, double> Cpu(IEnumerable<MeasuredProcess> processes) =>
        processes.GroupBy(process => process.Name, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group =>
                group.Sum(process =>
                Ticks(process.Id, withEnded: true) + Children(process.Id).Sum(child => Ticks(child, withEnded: false))) / TicksPerSecond,
                StringComparer.Ordinal);

    /// <summary>CPU seconds that all processes have used together, in both modes and for interrupts.</summary>
    public static double WholeMachine() =>
        // cpu user nice system idle iowait irq softirq …
        File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..8]
            .Where((_, i) => i is not (3 or 4)).Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture)) / TicksPerSecond;

    /// <summary>Resident memory in MB.</summary>
    public static double Memory(int id) =>
        long.Parse(File.ReadLines($"/proc/{id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024.0;

    private static IEnumerable<int> Children(int id) =>
        Directory.EnumerateDirectories($"/proc/{id}/task")
            .SelectMany(task => Read(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(child => int.Parse(child, CultureInfo.InvariantCulture));

    private static double Ticks(int id, bool withEnded)
    {
        // After the name, which may hold anything: state is the first, utime the twelfth, then stime, cutime, cstime.
        var stat = Read($"/proc/{id}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length < 15 ? 0 : fields[11..(withEnded ? 15 : 13)].Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture));
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return "";
        }
    }
}
