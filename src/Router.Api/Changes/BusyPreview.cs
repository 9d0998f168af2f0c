namespace Router.Api.Changes;

/// <summary>What whoever tries a change is told while another one is tried.</summary>
internal static class BusyPreview
{
    public static readonly Refusal Refusal = new(
        StatusCodes.Status429TooManyRequests, "Something else is being tried on leads. Try yours again in a moment.");
}
