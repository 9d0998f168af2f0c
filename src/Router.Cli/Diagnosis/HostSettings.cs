using Microsoft.Extensions.Configuration;

namespace Router.Cli.Diagnosis;

/// <summary>
/// The configuration that a host of this machine would have: files of variables, the environment, a directory of settings.
/// </summary>
internal static class HostSettings
{
    /// <param name="variables">Files of lines <c>NAME=value</c>, as systemd reads them.</param>
    /// <param name="directory">Where each file is a setting; null for what the configuration itself says.</param>
    /// <exception cref="UsageException">One of them can't be read.</exception>
    public static IConfiguration Read(IEnumerable<FileInfo> variables, string? directory)
    {
        try
        {
            var builder = new ConfigurationBuilder()
                .AddInMemoryCollection(variables.SelectMany(file => File.ReadLines(file.FullName)).Select(Variable)
                    .OfType<KeyValuePair<string, string?>>())
                .AddEnvironmentVariables();
            directory ??= builder.Build()["Settings:Directory"];
            return directory is null ? builder.Build() : builder.AddKeyPerFile(Path.GetFullPath(directory)).Build();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{unreadable.Message} Run doctor as a user who may read the hosts' settings.");
        }
    }


    private static KeyValuePair<string, string?>? Variable(string line)
    {
        line = line.Trim();
        return line.StartsWith('#') || line.Split('=', 2) is not [var name, var value] ? null
            : KeyValuePair.Create<string, string?>(
                name.Replace("export ", "", StringComparison.Ordinal).Trim().Replace("__", ":", StringComparison.Ordinal),
                value.Trim().Trim('"', '\''));
    }
}
