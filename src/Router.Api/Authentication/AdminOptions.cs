using System.ComponentModel.DataAnnotations;

namespace Router.Api.Authentication;

/// <summary>Section <c>Admin</c>: the first operator, made at the first start, when there is none.</summary>
internal sealed class AdminOptions
{
    /// <summary>The first operator's e-mail. Default <c>operator@localhost</c>.</summary>
    [Required, RegularExpression("^[^@\\s]+@[^@\\s]+$")]
    public string Email { get; set; } = "operator@localhost";

    /// <summary>The first operator's password, 12 characters or more. Change it after the first sign-in; it isn't read again.</summary>
    [MinLength(12)]
    public string? Password { get; set; }

    /// <summary>
    /// An API token of the first operator, at least 20 characters. Stored as a hash, listed and revocable like any other; once revoked it
    /// stays revoked.
    /// </summary>
    [MinLength(20)]
    public string? Token { get; set; }
}
