using System.Diagnostics;

namespace Router.Testing;

public static class Shell
{
    /// <summary>How long a command may take on a busy machine: it only bounds a failure.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    /// <summary>Runs a command to its end. Servers that it leaves behind must not hold its output open.</summary>
    public static Task<(int ExitCode, string Output)> Run(string file, params string[] arguments) =>
        Run(file, arguments, directory: null, input: []);

    /// <summary>The same with a working directory and bytes on standard input.</summary>
    public static async Task<(int ExitCode, string Output)> Run(string file, string[] arguments, string? directory, byte[] input)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments)
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
            WorkingDirectory = directory ?? "",
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all of it.
        }

        try
        {
            await process.WaitForExitAsync().WaitAsync(Patience);
            return (process.ExitCode, await output.WaitAsync(Patience) + await errors.WaitAsync(Patience));
        }
        catch (TimeoutException late)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{file} {string.Join(' ', arguments)} hasn't ended after {Patience.TotalMinutes:0} minutes.", late);
        }
    }
}
