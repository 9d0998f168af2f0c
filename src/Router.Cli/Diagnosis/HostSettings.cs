using Microsoft.Extensions.Configuration;

namespace Router.Cli.Diagnosis;

/// <summary>
/// The configuration that a host of this machine would have: files of variables, the environment, a directory of settings.
/// </summary>
internal static class HostSettings
{
    /// <summary>
    /// Names the directory where deploy/install.sh keeps the hosts' settings, <c>router.env</c> and <c>secrets</c>. The program that it
    /// installs sets it: without that, doctor would look at a router of this machine when somebody asks about another.
    /// </summary>
    private const string Installed = "ROUTER_HOST_SETTINGS";

    /// <param name="variables">Files of lines <c>NAME=value</c>, as systemd reads them; a later one goes before an earlier.</param>
    /// <param name="directory">Where each file is a setting; null for what the configuration itself says.</param>
    /// <exception cref="UsageException">One of them can't be read.</exception>
    public static IConfiguration Read(IReadOnlyCollection<FileInfo> variables, string? directory)
    {
        var builder = new ConfigurationBuilder();
        if (variables.Count == 0 && directory is null && Environment.GetEnvironmentVariable("Settings__Directory") is null
            && Environment.GetEnvironmentVariable(Installed) is { Length: > 0 } installed)
        {
            // As the units have it.
            directory = Path.Combine(installed, "secrets");
            builder.AddInMemoryCollection([
                KeyValuePair.Create<string, string?>("Secrets:CertificatePath", Path.Combine(directory, "router.pem"))]);
            variables = [.. new[] { new FileInfo(Path.Combine(installed, "router.env")) }.Where(file => file.Exists)];
        }

        try
        {
            foreach (var file in variables)
                builder.AddInMemoryCollection(Variables(file));
            builder.AddEnvironmentVariables();
            directory ??= builder.Build()["Settings:Directory"];
            return directory is null ? builder.Build() : builder.AddKeyPerFile(Path.GetFullPath(directory)).Build();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{unreadable.Message} Run doctor as a user who may read the hosts' settings.");
        }
    }

    // Of two lines with the same name the later one counts.
    private static Dictionary<string, string?> Variables(FileInfo file)
    {
        var found = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in File.ReadLines(file.FullName).Select(line => line.Trim()).Where(line => !line.StartsWith('#')))
        {
            if (line.Split('=', 2) is [var name, var value])
            {
                found[name.Replace("export ", "", StringComparison.Ordinal).Trim().Replace("__", ":", StringComparison.Ordinal)] =
                    value.Trim().Trim('"', '\'');
            }
        }

        return found;
    }
}
