using System.Diagnostics;

namespace Router.Architecture.Tests.Packages;

/// <summary>
/// A project of the repository at another place, with the settings and the lock file that it has here: a test may change them.
/// </summary>
internal sealed class RestoreCopy : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("router-restore-").FullName;

    public RestoreCopy()
    {
        foreach (var file in new[] { "Directory.Build.props", "Directory.Packages.props", "nuget.config", "global.json" })
            File.Copy(Path.Combine(Parts.Repository, file), Path.Combine(_root, file));
        var from = Path.Combine(Parts.Repository, "src/Router.Core");
        Directory.CreateDirectory(Project);
        foreach (var file in new[] { "Router.Core.csproj", "packages.lock.json" })
            File.Copy(Path.Combine(from, file), Path.Combine(Project, file));
    }

    private string Project => Path.Combine(_root, "src/Router.Core");

    public void Change(string file, string old, string @new)
    {
        var path = Path.Combine(_root, file);
        var text = File.ReadAllText(path);
        Assert.Contains(old, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(old, @new, StringComparison.Ordinal));
    }

    /// <param name="ci">Whether it is restored as in a run that nobody watches.</param>
    public async Task<(int ExitCode, string Output)> Restore(bool ci)
    {
        var start = new ProcessStartInfo("dotnet", ["restore", Project, "--nologo", "-nodeReuse:false"])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _root,
        };
        start.Environment["CI"] = ci ? "true" : "";
        // What it has heard from a feed at the same port, in an earlier test, is forgotten.
        start.Environment["NUGET_HTTP_CACHE_PATH"] = Path.Combine(_root, "http-cache");
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(5));
        return (process.ExitCode, await output + await errors);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
