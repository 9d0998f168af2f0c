namespace Router.Api.Management;

/// <summary>Whose data is asked for: one of address and number, or both; what has either is theirs.</summary>
/// <param name="Email">An e-mail address.</param>
/// <param name="Phone">A phone number, however it is written.</param>
/// <param name="Reason">
/// Why; it goes into the list of changes of each site where something is found. Needed unless it is one's own site.
/// </param>
internal sealed record PersonRequest(string? Email = null, string? Phone = null, string? Reason = null);

/// <summary>A lead, or a user of a site, who is the person.</summary>
internal sealed record PersonLead(
    Guid SiteId, string Site, Guid LeadId, bool IsUser, int Events, int Waiting, DateTimeOffset? FirstAt, DateTimeOffset? LastAt);

/// <summary>To whom something of the person was sent.</summary>
/// <param name="SiteId">For which site.</param>
/// <param name="Site">Its name.</param>
/// <param name="Destination">The destination's name.</param>
/// <param name="Host">Its server.</param>
/// <param name="Messages">How many messages were sent there.</param>
/// <param name="Delivered">How many of them it took.</param>
/// <param name="LastAt">When the last one was sent.</param>
internal sealed record PersonReceiver(
    Guid SiteId, string Site, string Destination, string Host, int Messages, int Delivered, DateTimeOffset? LastAt);

/// <summary>Where a person is named in what is about somebody else.</summary>
internal sealed record PersonNamed(string Place, Guid? SiteId, Guid? LeadId, Guid Id, DateTimeOffset At);

/// <summary>What is kept of a person, without its contents.</summary>
/// <param name="Leads">Leads and users in the ledger.</param>
/// <param name="Users">Users of sites, as their Lead Manager last told.</param>
/// <param name="Refused">Refused requests.</param>
/// <param name="SetAside">Messages set aside.</param>
/// <param name="Outbox">Accepted events that wait for RabbitMQ.</param>
/// <param name="Named">Where the person is named in what is about others.</param>
/// <param name="HasAccount">Whether there is an account with this address.</param>
/// <param name="SentTo">Who has it.</param>
internal sealed record PersonReport(
    IReadOnlyList<PersonLead> Leads, int Users, int Refused, int SetAside, int Outbox, IReadOnlyList<PersonNamed> Named, bool HasAccount,
    IReadOnlyList<PersonReceiver> SentTo);

/// <summary>What an erasure of a person came to.</summary>
/// <param name="Leads">Leads and users that are erased.</param>
/// <param name="Events">Events of theirs that have lost their contents.</param>
/// <param name="Canceled">Deliveries that waited and are never sent.</param>
/// <param name="Elsewhere">Rows that are gone: refused, set aside, in the outbox, users.</param>
/// <param name="DeadLetters">Copies taken out of RabbitMQ; null where it couldn't be asked.</param>
/// <param name="Remains">What isn't erased, in sentences: who has the data, and what is left to do.</param>
/// <param name="SentTo">Who has it.</param>
internal sealed record ErasedPerson(
    int Leads, int Events, int Canceled, int Elsewhere, int? DeadLetters, IReadOnlyList<string> Remains,
    IReadOnlyList<PersonReceiver> SentTo);
