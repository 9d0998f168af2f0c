using System.ComponentModel.DataAnnotations;

namespace Router.Hosting.ApiSettings;

/// <summary>
/// Section <c>Admin</c>: the first operator, which the API makes at its start when there is none yet, and what operators may.
/// </summary>
internal sealed class AdminOptions
{
    /// <summary>The first operator's e-mail address. Default <c>operator@localhost</c>.</summary>
    [Required, RegularExpression("^[^@\\s]+@[^@\\s]+$")]
    public string Email { get; set; } = "operator@localhost";

    /// <summary>
    /// The first operator's password. It is used once: change it after the first sign-in. Default none.
    /// </summary>
    [MinLength(12)]
    public string? Password { get; set; }

    /// <summary>
    /// An API token of the first operator. It is stored as a hash, and listed and revocable like any other; once
    /// revoked it stays revoked. Default none.
    /// </summary>
    [MinLength(20)]
    public string? Token { get; set; }

    /// <summary>
    /// Whether operators may get to see the leads of sites that aren't theirs: give themselves and others such a site,
    /// make links for its owners, export a person. With <c>false</c> a site's owners alone let people in. Default true:
    /// they may, and the site's owners are told.
    /// </summary>
    public bool OperatorsReadLeads { get; set; } = true;

    /// <summary>
    /// How long somebody may take to read a person's file, an operator or an owner: it holds one of few places. Then it is broken off.
    /// Default 30 minutes.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan PersonFileTimeout { get; set; } = TimeSpan.FromMinutes(30);
}
