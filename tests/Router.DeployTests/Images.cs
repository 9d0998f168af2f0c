using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Router.Testing;

[assembly: AssemblyFixture(typeof(Router.DeployTests.Images))]

namespace Router.DeployTests;

/// <summary>
/// The images, built by deploy/images.sh with a container engine of the tests' own. Where none can run, their tests are skipped.
/// </summary>
public sealed class Images
{
    public static readonly string Engine = Path.Combine(Repository.Root, "tests/containers/engine.sh");

    private readonly Lazy<Task<string?>> _cannot = new(Make);

    /// <summary>Of this checkout: others on this machine may test theirs at the same time.</summary>
    public static string Tag { get; } =
        "test-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Repository.Root)))[..8];

    /// <summary>Until they are there; made once for all tests.</summary>
    public async Task Ready()
    {
        var cannot = await _cannot.Value;
        Assert.SkipWhen(cannot is not null, cannot ?? "");
    }

    /// <summary>Null, or why no container engine can run.</summary>
    private static async Task<string?> Make()
    {
        var (exitCode, output) = await Shell.Run("bash", Engine, "setup");
        if (exitCode == 3)
            return output.Trim();
        Assert.True(exitCode == 0, output);
        await Run(["env", "ENGINE=podman", Path.Combine(Repository.Root, "deploy/images.sh"), "--no-build", "--tag", Tag]);
        return null;
    }

    public static Task<string> Podman(params string[] arguments) => Run(["podman", .. arguments]);

    public static async Task<JsonElement> Inspect(params string[] arguments) =>
        JsonDocument.Parse(await Podman([.. arguments.Prepend("inspect")])).RootElement[0];

    /// <summary>A command that must succeed, with this engine.</summary>
    public static async Task<string> Run(string[] command)
    {
        var (exitCode, output) = await Within(command);
        return exitCode == 0 ? output
            : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {exitCode}:\n{output}");
    }

    public static Task<(int ExitCode, string Output)> Within(string[] command) => Shell.Run("bash", [Engine, "run", .. command]);
}
