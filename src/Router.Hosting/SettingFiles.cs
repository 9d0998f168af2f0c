using Microsoft.Extensions.Options;

namespace Router.Hosting;

/// <summary>
/// Settings as files, for secrets that containers and systemd hand over that way: each file of <c>Settings:Directory</c> is a setting. Its
/// name is the setting's with two underscores for each colon (<c>Database__ConnectionString</c>), its contents are the value; a line break
/// at its end doesn't count. A file goes before a variable of the same name.
/// </summary>
internal static class SettingFiles
{
    private const string Setting = "Settings:Directory";

    public static void AddSettingFiles(this WebApplicationBuilder builder)
    {
        if (builder.Configuration[Setting] is not { Length: > 0 } directory)
            return;
        if (!Directory.Exists(directory))
            throw Wrong($"there is no directory '{directory}'.");
        try
        {
            builder.Configuration.AddKeyPerFile(Path.GetFullPath(directory));
        }
        catch (UnauthorizedAccessException unreadable)
        {
            throw Wrong($"a file in it can't be read by this user. {unreadable.Message}");
        }
    }

    private static OptionsValidationException Wrong(string sentence) =>
        new("Settings", typeof(SettingFiles), [$"{Setting}: {sentence}"]);
}
