using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace Router.Api.Accounts.SecondFactors;

/// <summary>What a page asks a browser's passkeys.</summary>
/// <param name="Options">For the browser, as JSON.</param>
/// <param name="State">What the answer is checked with; goes with the form, encrypted and for ten minutes.</param>
internal sealed record PasskeyQuestion(string Options, string State);

/// <summary>A question that was asked.</summary>
/// <param name="Options">What the browser was told.</param>
/// <param name="AskedAt">When.</param>
internal sealed record AskedQuestion(string Options, DateTimeOffset AskedAt);

/// <summary>
/// Keeps what was asked with the page that asks it, so that a question that nobody answers costs nothing. Each is for one purpose and one
/// account; that it isn't answered twice is <see cref="Passkeys"/>' business.
/// </summary>
internal sealed class PasskeyQuestions(IDataProtectionProvider protection, TimeProvider time)
{
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(10);

    /// <param name="options">For the browser.</param>
    /// <param name="purpose">What the answer is for.</param>
    /// <param name="account">Whose passkey is asked for; null for anybody's.</param>
    public PasskeyQuestion Ask(string options, string purpose, Guid? account) => new(
        options, Protector(purpose, account).Protect(JsonSerializer.Serialize(new AskedQuestion(options, time.GetUtcNow())), Lasts));

    /// <summary>Null when it is too old, or was asked for something else.</summary>
    public AskedQuestion? Find(string? state, string purpose, Guid? account)
    {
        try
        {
            return JsonSerializer.Deserialize<AskedQuestion>(Protector(purpose, account).Unprotect(state ?? ""));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private ITimeLimitedDataProtector Protector(string purpose, Guid? account) =>
        protection.CreateProtector("passkey-question", purpose, $"{account:D}").ToTimeLimitedDataProtector();
}
