namespace Router.Api.Authentication;

/// <summary>What an API token may do of what its account may; the values of <c>api_tokens.scope</c>.</summary>
internal static class TokenScopes
{
    /// <summary>Changes nothing.</summary>
    public const string Read = "read";

    /// <summary>Changes what is of a site. Of what only operators may, it reads.</summary>
    public const string Configure = "configure";

    /// <summary>All that an operator may.</summary>
    public const string Operate = "operate";

    /// <summary>From the least to the most.</summary>
    public static readonly string[] All = [Read, Configure, Operate];

    /// <summary>The most that an account of this role can give.</summary>
    public static string MostOf(string role) => role == Roles.Operator ? Operate : Configure;

    /// <summary>Whether one goes no further than another.</summary>
    public static bool IsWithin(string scope, string other) => Array.IndexOf(All, scope) <= Array.IndexOf(All, other);
}

/// <summary>The API token that a request came with.</summary>
/// <param name="Name">What its account calls it.</param>
/// <param name="Scope">One of <see cref="TokenScopes"/>.</param>
/// <param name="Sites">The only sites that it sees; null for all of its account's.</param>
/// <param name="ExpiresAt">When it ends; null for never.</param>
internal sealed record TokenOfRequest(Guid Id, string Name, string Scope, Guid[]? Sites, DateTimeOffset? ExpiresAt);
