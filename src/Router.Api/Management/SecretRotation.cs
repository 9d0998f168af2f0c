using Router.Core.Destinations;

namespace Router.Api.Management;

/// <summary>
/// What is stored when a secret changes: the new one, and the one before for as long as it signs too. A second rotation within the overlap
/// keeps the latest; the same secret again is no rotation.
/// </summary>
internal sealed record SecretRotation(string Secret, string? PreviousSecret, DateTimeOffset? PreviousSecretUntil)
{
    /// <param name="stored">What is stored now.</param>
    /// <param name="secret">The new one, plain; null leaves all as it is.</param>
    /// <param name="overlap">How long the old one signs too; zero for a leaked one.</param>
    /// <param name="protection">Encrypts.</param>
    /// <param name="now">When.</param>
    public static SecretRotation Of(
        SecretRotation stored, string? secret, TimeSpan overlap, SecretProtection protection, DateTimeOffset now)
    {
        if (secret is null || secret == protection.TryUnprotect(stored.Secret))
            return stored;

        return overlap > TimeSpan.Zero
            ? new SecretRotation(protection.Protect(secret), stored.Secret, now + overlap)
            : new SecretRotation(protection.Protect(secret), null, null);
    }
}
