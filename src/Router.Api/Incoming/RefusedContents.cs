using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Router.Api.Incoming;

/// <summary>Encrypts what was refused: it is a person's, and nobody has agreed to take it yet.</summary>
internal sealed class RefusedContents(IDataProtectionProvider protection)
{
    private readonly IDataProtector _protector = protection.CreateProtector("refused-leads");

    public byte[] Protect(ReadOnlyMemory<byte> body) => _protector.Protect(body.ToArray());

    /// <summary>Null when the keys don't fit.</summary>
    public byte[]? TryUnprotect(byte[] contents)
    {
        try
        {
            return _protector.Unprotect(contents);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
