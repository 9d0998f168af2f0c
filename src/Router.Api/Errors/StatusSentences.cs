namespace Router.Api.Errors;

/// <summary>What a status means, in general words: for whoever has no better ones.</summary>
internal static class StatusSentences
{
    public static string Of(int status, string method = "This method") => status switch
    {
        400 => "The request is malformed.",
        401 => "Missing or wrong credentials.",
        403 => "These credentials have no access to this.",
        404 => "There is nothing at this path.",
        405 => $"{method} is not possible here.",
        408 => "The request took too long to arrive.",
        413 => "The body is larger than 1 MiB.",
        414 => "The path is too long.",
        415 => "Send JSON.",
        431 => "The headers are too large.",
        429 => "Too many requests; send this one again after the time in Retry-After.",
        503 => "The service cannot take this right now; try again.",
        _ => "Something went wrong on our side; it has been logged.",
    };
}
