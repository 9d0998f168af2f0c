namespace Router.Api.Management;

/// <summary>Whether a secret that somebody made up can be guessed. It isn't refused: some receivers know no other.</summary>
internal static class SecretStrength
{
    /// <summary>A sentence, with a blank before it; null when there is nothing to say.</summary>
    public static string? Warning(string? secret) => secret is null || secret.Length >= 16 && secret.Distinct().Count() >= 8
        ? null
        : " Its secret is short enough to be guessed, and whoever guesses it can forge leads: generate one if the receiver can take it.";
}
