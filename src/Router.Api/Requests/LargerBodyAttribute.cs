using Microsoft.AspNetCore.Http.Metadata;

namespace Router.Api.Requests;

/// <summary>
/// The body of this endpoint may be larger than usual (<see cref="BodyLimits"/>). MVC's own attribute sets the server's limit once more,
/// when the body is read already.
/// </summary>
/// <param name="bytes">The most.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class LargerBodyAttribute(long bytes) : Attribute, IRequestSizeLimitMetadata
{
    public long? MaxRequestBodySize => bytes;
}
