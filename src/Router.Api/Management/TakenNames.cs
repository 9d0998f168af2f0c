using Npgsql;
using Router.Api.Changes;

namespace Router.Api.Management;

/// <summary>What the database says of names: which are taken, and which are nobody's to take.</summary>
internal static class TakenNames
{
    /// <summary>Why the name was refused; null when it was something else.</summary>
    public static Refusal? Refusal(PostgresException refused, string? name) => refused.ConstraintName switch
    {
        "destinations_name_once" =>
            Changes.Refusal.Conflict($"The site has a destination called {name} already: choose another name.", "name"),
        "destinations_name_is_its_own" or "integrations_name_is_its_own" =>
            Changes.Refusal.Conflict(
                "Only a site's Lead Manager is called that, and a name needs something to see: choose another one.", "name"),
        _ => null,
    };
}
