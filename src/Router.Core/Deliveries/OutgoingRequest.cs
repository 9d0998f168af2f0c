namespace Router.Core.Deliveries;

/// <summary>A request of ours. Whoever makes its connection is told by it whose URL that is.</summary>
/// <param name="url">Where to.</param>
/// <param name="enteredBy">The site whose owners entered the URL; null where operators did.</param>
internal sealed class OutgoingRequest(Uri? url, Guid? enteredBy) : HttpRequestMessage(HttpMethod.Post, url)
{
    public Guid? EnteredBy => enteredBy;
}
