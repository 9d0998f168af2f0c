using System.Diagnostics;

namespace Router.Testing;

/// <summary>A process's end, which may not keep the tests waiting.</summary>
internal static class ProcessEnd
{
    /// <summary>SIGKILL. A process that it started may have its output, and so hold up the wait: for a minute at most.</summary>
    /// <exception cref="TimeoutException">Somebody else still has its output.</exception>
    public static Task End(this Process process)
    {
        process.Kill();
        return process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
    }
}
