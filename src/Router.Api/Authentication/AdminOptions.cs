using System.ComponentModel.DataAnnotations;

namespace Router.Api.Authentication;

/// <summary>Section <c>Admin</c>.</summary>
internal sealed class AdminOptions
{
    /// <summary>The bearer token of the management API, at least 20 characters. Required; it may do everything.</summary>
    [Required, MinLength(20)]
    public string Token { get; set; } = "";
}
