using System.Collections.Concurrent;
using System.Text.Json;
using Dapper;
using Npgsql;
using Router.Core.Leads;
using Router.Core.SetAside;

namespace Router.Core.Search;

/// <summary>
/// Finds all that is kept of a person. It reads the contents of every lead, of a site or of all: a person may be named anywhere in them, in
/// any field and spelling, and no index knows that. On a large ledger that takes minutes.
/// </summary>
public sealed class PersonSearch(NpgsqlDataSource database) : IDisposable
{
    // Each reads for minutes on a connection of its own, and the others are for whoever signs in. Those of owners wait for each other in
    // turn, one of each site, and never keep an operator from looking.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<Guid, bool> _sites = new();
    private readonly SemaphoreSlim _owners = new(1);
    private readonly SemaphoreSlim _operators = new(1);

    /// <summary>Where something of the person is; null while others are looked for.</summary>
    /// <param name="wanted">Who.</param>
    /// <param name="siteId">The only site to look at; null for all.</param>
    /// <param name="decrypt">Makes what was refused readable; null where the keys don't fit.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<FoundPerson?> Find(
        WantedPerson wanted, Guid? siteId, Func<byte[], byte[]?> decrypt, CancellationToken cancellationToken)
    {
        if (siteId is { } site && !_sites.TryAdd(site, true))
            return null;

        try
        {
            var place = siteId is null ? _operators : _owners;
            if (!await place.WaitAsync(Patience, cancellationToken))
                return null;

            try
            {
                return await Everywhere(wanted, siteId, decrypt, cancellationToken);
            }
            finally
            {
                place.Release();
            }
        }
        finally
        {
            if (siteId is { } done)
                _sites.TryRemove(done, out _);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _owners.Dispose();
        _operators.Dispose();
    }

    private async Task<FoundPerson> Everywhere(
        WantedPerson wanted, Guid? siteId, Func<byte[], byte[]?> decrypt, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var look = new Look(connection, wanted, siteId, cancellationToken);
        var mentions = new List<PersonMention>();
        var leads = await Leads(look, mentions);
        var users = await Users(look);
        return new FoundPerson
        {
            Leads = leads,
            Users = users,
            Refused = await Refused(look, decrypt, mentions),
            SetAside = await SetAside(look, mentions),
            Outbox = await Outbox(look, mentions),
            // A lead of the person's own may name them in another event, too.
            Mentions = [.. mentions.Where(one => one.LeadId is not { } lead || one.SiteId is not { } site
                || !leads.Exists(own => own.SiteId == site && own.LeadId == lead))],
            AccountId = siteId is null && wanted.Email is { } email
                ? await connection.ExecuteScalarAsync<Guid?>("select id from accounts where email = @email", new { email }) : null,
        };
    }

    private static async Task<List<LeadOfPerson>> Leads(Look look, List<PersonMention> mentions)
    {
        var leads = new HashSet<LeadOfPerson>();
        await look.Each(
            """
            select e.id, e.site_id, e.lead_id, e.action, e.accepted_at, e.body from lead_events e
            where e.body is not null and e.lead_id is not null and e.test is null and e.product <> ''
              and ($2 is null or e.site_id = $2) and encode(e.body, 'escape') ~* $1
            """,
            row =>
            {
                using var document = JsonDocument.Parse(row.GetFieldValue<byte[]>(5), new JsonDocumentOptions { MaxDepth = 256 });
                var (site, lead) = (row.GetGuid(1), row.GetGuid(2));
                var match = look.Wanted.In(document.RootElement);
                if (match is PersonMatch.Theirs)
                    leads.Add(new LeadOfPerson(site, lead, row.GetString(3) == LeadAction.UserUpdated.Text()));
                else if (match is PersonMatch.Mentioned)
                    mentions.Add(new PersonMention("lead_events", site, lead, row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(4)));
            });
        return [.. leads];
    }

    private static async Task<List<UserOfPerson>> Users(Look look)
    {
        var users = new List<UserOfPerson>();
        await look.Each(
            "select site_id, user_id, body from users where ($2 is null or site_id = $2) and encode(body, 'escape') ~* $1",
            row =>
            {
                if (look.Wanted.In(row.GetFieldValue<byte[]>(2)) is PersonMatch.Theirs)
                    users.Add(new UserOfPerson(row.GetGuid(0), row.GetString(1)));
            });
        return users;
    }

    // All of them: they are encrypted, and few.
    private static async Task<List<PlaceOfPerson<Guid>>> Refused(
        Look look, Func<byte[], byte[]?> decrypt, List<PersonMention> mentions)
    {
        var found = new List<PlaceOfPerson<Guid>>();
        await look.Each(
            """
            select id, site_id, lead_id, refused_at, contents from refused_leads
            where contents is not null and ($2 is null or site_id = $2) and $1 is not null
            """,
            row =>
            {
                if (decrypt(row.GetFieldValue<byte[]>(4)) is not { } contents)
                    return;

                var match = look.Wanted.In(contents);
                if (match is PersonMatch.Theirs)
                    found.Add(new PlaceOfPerson<Guid>(row.GetGuid(0), row.GetGuid(1)));
                else if (match is PersonMatch.Mentioned)
                    mentions.Add(new PersonMention(
                        "refused_leads", row.GetGuid(1), row.IsDBNull(2) ? null : row.GetGuid(2), row.GetGuid(0),
                        row.GetFieldValue<DateTimeOffset>(3)));
            });
        return found;
    }

    private static async Task<List<PlaceOfPerson<Guid>>> SetAside(Look look, List<PersonMention> mentions)
    {
        var found = new List<PlaceOfPerson<Guid>>();
        await look.Each(
            """
            select id, site_id, lead_id, set_aside_at, message from set_aside
            where message is not null and ($2 is null or site_id = $2) and encode(message, 'escape') ~* $1
            """,
            row =>
            {
                var site = row.IsDBNull(1) ? (Guid?)null : row.GetGuid(1);
                var match = look.Wanted.In(row.GetFieldValue<byte[]>(4));
                if (match is PersonMatch.Theirs)
                    found.Add(new PlaceOfPerson<Guid>(row.GetGuid(0), site));
                else if (match is PersonMatch.Mentioned)
                    mentions.Add(new PersonMention(
                        "set_aside", site, row.IsDBNull(2) ? null : row.GetGuid(2), row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(3)));
            });
        return found;
    }

    private static async Task<List<PlaceOfPerson<long>>> Outbox(Look look, List<PersonMention> mentions)
    {
        var found = new List<PlaceOfPerson<long>>();
        await look.Each(
            "select id, event_id, kept_at, message from lead_outbox where encode(message, 'escape') ~* $1 and ($2 is null or true)",
            row =>
            {
                var message = row.GetFieldValue<byte[]>(3);
                var facts = MessageFacts.Of(message);
                if (look.SiteId is { } only && facts.SiteId != only)
                    return;

                var match = look.Wanted.In(message);
                if (match is PersonMatch.Theirs)
                    found.Add(new PlaceOfPerson<long>(row.GetInt64(0), facts.SiteId));
                else if (match is PersonMatch.Mentioned)
                    mentions.Add(new PersonMention(
                        "lead_outbox", facts.SiteId, facts.LeadId, row.GetGuid(1), row.GetFieldValue<DateTimeOffset>(2)));
            });
        return found;
    }

    private sealed record Look(NpgsqlConnection Connection, WantedPerson Wanted, Guid? SiteId, CancellationToken Cancellation)
    {
        public async Task Each(string sql, Action<NpgsqlDataReader> read)
        {
            await using var command = new NpgsqlCommand(sql, Connection) { CommandTimeout = 0 };
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Wanted.Pattern });
            command.Parameters.Add(new NpgsqlParameter
            {
                Value = SiteId is { } site ? site : DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid,
            });
            await using var reader = await command.ExecuteReaderAsync(Cancellation);
            while (await reader.ReadAsync(Cancellation))
                read(reader);
        }
    }
}
