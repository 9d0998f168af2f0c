using System.ComponentModel.DataAnnotations;

namespace Router.Hosting.ApiSettings;

/// <summary>Who has to have a second factor.</summary>
internal enum SecondFactorRequirement
{
    /// <summary>Whoever wants one sets it up.</summary>
    Nobody,

    /// <summary>All operators.</summary>
    Operators,

    /// <summary>All accounts.</summary>
    Everyone,
}

/// <summary>Section <c>SecondFactor</c>: what somebody must show besides the password to sign in on the pages. The API reads it.</summary>
internal sealed class SecondFactorOptions
{
    /// <summary>
    /// Who has to have a second factor: <c>Nobody</c>, <c>Operators</c> or <c>Everyone</c>. Anyone who needs one and has none is taken
    /// to set it up after entering the password, and can do nothing else until then. It doesn't concern API
    /// tokens, nor who signs in by OpenID Connect: there the provider asks. Default Nobody.
    /// </summary>
    [EnumDataType(typeof(SecondFactorRequirement))]
    public SecondFactorRequirement RequiredFor { get; set; } = SecondFactorRequirement.Nobody;
}
