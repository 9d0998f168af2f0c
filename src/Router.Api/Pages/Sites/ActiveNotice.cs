using Router.Api.Management;

namespace Router.Api.Pages.Sites;

internal static class ActiveNotice
{
    /// <summary>What switching on or off has done.</summary>
    public static string Of(Destination destination) => (destination.Active, destination.CanceledDeliveries) switch
    {
        (true, _) => $"{destination.Name} is on: it gets every lead from now on.",
        (false, null or 0) => $"{destination.Name} is off: it gets no more leads.",
        (false, 1) => $"{destination.Name} is off: it gets no more leads. 1 waiting delivery was canceled; you can replay it from its deliveries once it is on again.",
        (false, var count) => $"{destination.Name} is off: it gets no more leads. {count} waiting deliveries were canceled; you can replay them from its deliveries once it is on again.",
    };
}
