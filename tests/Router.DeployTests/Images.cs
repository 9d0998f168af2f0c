using System.Text.Json;
using Router.Testing;

namespace Router.DeployTests;

/// <summary>The images, built by deploy/images.sh with a container engine of the tests' own. Where none can run, their tests are skipped.</summary>
public sealed class Images : IAsyncLifetime
{
    private static readonly string Engine = Path.Combine(Repository.Root, "tests/containers/engine.sh");

    private string? _cannot;

    /// <summary>Of this checkout: others on this machine may test theirs at the same time.</summary>
    public static string Tag { get; } =
        "test-" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Repository.Root)))[..8];

    public async ValueTask InitializeAsync()
    {
        var (exitCode, output) = await Shell.Run("bash", Engine, "setup");
        if (exitCode == 3)
        {
            _cannot = output.Trim();
            return;
        }

        Assert.True(exitCode == 0, output);
        await Run(["env", "ENGINE=podman", Path.Combine(Repository.Root, "deploy/images.sh"), "--no-build", "--tag", Tag]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cannot is null)
            await Within(["podman", "image", "prune", "--force"]);
    }

    public void SkipWithoutAnEngine() => Assert.SkipWhen(_cannot is not null, _cannot ?? "");

    public static Task<string> Podman(params string[] arguments) => Run(["podman", .. arguments]);

    public static async Task<JsonElement> Inspect(params string[] arguments) =>
        JsonDocument.Parse(await Podman([.. arguments.Prepend("inspect")])).RootElement[0];

    /// <summary>A command that must succeed, with this engine.</summary>
    public static async Task<string> Run(string[] command)
    {
        var (exitCode, output) = await Within(command);
        return exitCode == 0 ? output : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {exitCode}:\n{output}");
    }

    public static Task<(int ExitCode, string Output)> Within(string[] command) => Shell.Run("bash", [Engine, "run", .. command]);
}
