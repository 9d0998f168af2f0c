using System.Diagnostics;

namespace Router.IntegrationTests.Servers;

internal static class Shell
{
    /// <summary>Runs a command to its end. Servers that it leaves behind must not hold its output open.</summary>
    public static async Task<(int ExitCode, string Output)> Run(string file, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }
}
