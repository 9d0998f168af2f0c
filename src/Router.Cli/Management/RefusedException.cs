using System.Net;

namespace Router.Cli.Management;

/// <summary>The router answered that it won't.</summary>
/// <param name="status">Its status.</param>
/// <param name="sentence">Why, in its own words.</param>
/// <param name="fields">What is wrong, by field of the request; empty where it didn't say.</param>
internal sealed class RefusedException(HttpStatusCode status, string sentence, IReadOnlyDictionary<string, string> fields)
    : Exception(sentence)
{
    public HttpStatusCode Status => status;

    public IReadOnlyDictionary<string, string> Fields => fields;

    /// <summary>Whether it is about who asks.</summary>
    public bool IsAboutAccess => status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
}

/// <summary>There was no answer.</summary>
internal sealed class UnreachableException(string message) : Exception(message);
