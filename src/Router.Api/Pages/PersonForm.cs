using Router.Api.Management;

namespace Router.Api.Pages;

/// <summary>
/// What somebody asks about a person, and what came of it. It never stands in an address: those are kept in logs and histories.
/// </summary>
/// <param name="Request">As it was typed.</param>
/// <param name="NeedsReason">Whether it is about sites that aren't this account's.</param>
/// <param name="MayExport">Whether it may have a copy.</param>
/// <param name="IsAllSites">Whether it is about all of them.</param>
internal sealed record PersonForm(PersonRequest Request, bool NeedsReason, bool MayExport, bool IsAllSites)
{
    /// <summary>What is kept; null until somebody has looked.</summary>
    public PersonReport? Report { get; init; }

    /// <summary>What an erasure came to; null unless there was one.</summary>
    public ErasedPerson? Erased { get; init; }

    /// <summary>Whether there is nothing to erase or to export.</summary>
    public bool IsNothing => Report is { } report && report.Leads.Count + report.Users + report.Refused + report.SetAside + report.Outbox
        + report.Named.Count == 0 && !report.HasAccount;
}
