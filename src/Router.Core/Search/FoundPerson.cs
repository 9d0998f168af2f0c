namespace Router.Core.Search;

/// <summary>A lead, or a user of a site, who is the person.</summary>
/// <param name="SiteId">The site.</param>
/// <param name="LeadId">The lead; of a user what stands for its id.</param>
/// <param name="IsUser">Whether it is a user of the site: an agent, a lender.</param>
public sealed record LeadOfPerson(Guid SiteId, Guid LeadId, bool IsUser);

/// <summary>Where the person is named in what is about somebody else.</summary>
/// <param name="Place">The table.</param>
/// <param name="SiteId">The site; null where it isn't known.</param>
/// <param name="LeadId">Whose lead names the person; null where it isn't known.</param>
/// <param name="Id">The event, the refused lead or the message.</param>
/// <param name="At">When it came.</param>
public sealed record PersonMention(string Place, Guid? SiteId, Guid? LeadId, Guid Id, DateTimeOffset At);

/// <summary>A user of a site as its Lead Manager last told.</summary>
/// <param name="SiteId">The site.</param>
/// <param name="UserId">As Lead Manager spells it.</param>
public sealed record UserOfPerson(Guid SiteId, string UserId);

/// <summary>Something that isn't in the ledger.</summary>
/// <param name="Id">Its own id.</param>
/// <param name="SiteId">The site; null where it can't be read.</param>
public sealed record PlaceOfPerson<T>(T Id, Guid? SiteId);

/// <summary>Where something is kept of a person; nothing of the person.</summary>
public sealed record FoundPerson
{
    /// <summary>Leads and users in the ledger.</summary>
    public required IReadOnlyList<LeadOfPerson> Leads { get; init; }

    /// <summary>Users of sites.</summary>
    public required IReadOnlyList<UserOfPerson> Users { get; init; }

    /// <summary>What was refused.</summary>
    public required IReadOnlyList<PlaceOfPerson<Guid>> Refused { get; init; }

    /// <summary>Messages that were set aside.</summary>
    public required IReadOnlyList<PlaceOfPerson<Guid>> SetAside { get; init; }

    /// <summary>What waits for RabbitMQ.</summary>
    public required IReadOnlyList<PlaceOfPerson<long>> Outbox { get; init; }

    /// <summary>What is somebody else's.</summary>
    public required IReadOnlyList<PersonMention> Mentions { get; init; }

    /// <summary>The account with this address; null where there is none, or one site alone was looked at.</summary>
    public required Guid? AccountId { get; init; }

    /// <summary>The sites where something is.</summary>
    public IEnumerable<Guid> Sites => Leads.Select(one => one.SiteId).Concat(Users.Select(one => one.SiteId))
        .Concat(Refused.Concat(SetAside).Select(one => one.SiteId).Concat(Outbox.Select(one => one.SiteId)).OfType<Guid>())
        .Concat(Mentions.Select(one => one.SiteId).OfType<Guid>()).Distinct();

    /// <summary>Whether nothing at all is.</summary>
    public bool IsNothing => Leads.Count + Users.Count + Refused.Count + SetAside.Count + Outbox.Count + Mentions.Count == 0
        && AccountId is null;
}
