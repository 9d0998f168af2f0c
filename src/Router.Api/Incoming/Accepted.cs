namespace Router.Api.Incoming;

/// <summary>The success answers: a status and <c>{}</c>.</summary>
internal sealed class Accepted : IResult
{
    public static readonly Accepted Ok = new(StatusCodes.Status200OK);
    public static readonly Accepted Created = new(StatusCodes.Status201Created);

    private static readonly ReadOnlyMemory<byte> Empty = "{}"u8.ToArray();

    private readonly int _status;

    private Accepted(int status) => _status = status;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = _status;
        httpContext.Response.ContentType = "application/json";
        httpContext.Response.ContentLength = Empty.Length;
        return httpContext.Response.Body.WriteAsync(Empty).AsTask();
    }
}
