using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Router.Core.Destinations;

namespace Router.Api.Management;

/// <summary>Where requests to destinations come from, for whoever has a firewall before a receiver. The same for all sites.</summary>
internal static class OutgoingAddressesApi
{
    /// <param name="Addresses">Addresses and networks; empty where the operators haven't named any.</param>
    internal sealed record OutgoingAddresses(IReadOnlyList<string> Addresses);

    public static void MapOutgoingAddresses(this RouteGroupBuilder api) =>
        api.MapGet("/outgoing-addresses", Get).WithName("getOutgoingAddresses")
            .WithSummary("The addresses that requests to destinations come from, to be allowed in firewalls").Produces<OutgoingAddresses>();

    private static Ok<OutgoingAddresses> Get(IOptions<NetworkOptions> network) =>
        TypedResults.Ok(new OutgoingAddresses(network.Value.OutgoingAddressList));
}
