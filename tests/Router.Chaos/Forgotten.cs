namespace Router.Chaos;

/// <summary>
/// Leads whose updates may overtake them, for nobody knows any more that they came: Postgres' register lost or never had them, and the API
/// that had them in memory died. docs/architecture.md, In order within a lead, says so.
/// </summary>
internal sealed class Forgotten(IReadOnlyCollection<PastFault> faults)
{
    // An API that didn't get through to the register asks it again two seconds later; the rest is for a busy machine.
    private static readonly TimeSpan UntilAskedAgain = TimeSpan.FromSeconds(5);

    /// <param name="lead">When the lead was accepted.</param>
    /// <param name="update">When its update was.</param>
    public bool Includes(DateTimeOffset lead, DateTimeOffset update) =>
        faults.Any(fault => EmptiesRegister(fault) && IsBetween(fault, lead, update) || KeepsFromRegister(fault, lead))
        && faults.Any(fault => EndsApi(fault) && IsBetween(fault, lead, update));

    private static bool IsBetween(PastFault fault, DateTimeOffset lead, DateTimeOffset update) =>
        lead <= fault.Ended && update >= fault.Began;

    // It is unlogged: a crash empties it.
    private static bool EmptiesRegister(PastFault fault) => fault.Kind.Fault is Fault.DatabaseKilled or Fault.EverythingKilled;

    private static bool KeepsFromRegister(PastFault fault, DateTimeOffset lead) =>
        fault.Kind.Fault is Fault.DatabaseKilled or Fault.DatabaseFrozen or Fault.DatabaseLineCut or Fault.DatabaseLineSilent
            or Fault.DatabaseReadOnly or Fault.EverythingKilled
        && lead >= fault.Began && lead <= fault.Ended + UntilAskedAgain;

    private static bool EndsApi(PastFault fault) =>
        fault.Kind.Fault is Fault.ApiKilled or Fault.EverythingKilled || (fault.Kind.Fault == Fault.HostStopped && fault.Victim == "API");
}
