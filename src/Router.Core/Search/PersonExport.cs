using System.Collections.Concurrent;
using System.Text.Encodings.Web;
using System.Text.Json;
using Dapper;
using Npgsql;

namespace Router.Core.Search;

/// <summary>
/// All that is kept of a person, as one JSON file: what came, when and from whom, to whom it was sent and when, and what was answered. Of
/// what is somebody else's only where it is.
/// </summary>
public sealed class PersonExport(NpgsqlDataSource database) : IDisposable
{
    // Each holds a connection for as long as somebody reads it.
    private const int AtATime = 2;

    // In bytes.
    private const int WrittenAtOnce = 64 * 1024;

    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ConcurrentDictionary<Guid, bool> _sites = new();
    private readonly SemaphoreSlim _owners = new(AtATime);
    private readonly SemaphoreSlim _operators = new(AtATime);

    /// <summary>
    /// A turn to write one, given back when it is disposed of: one for a site, and few for all owners; operators have their own. Null when
    /// there is none.
    /// </summary>
    /// <param name="siteId">The only site that was looked at; null for all.</param>
    public IDisposable? TryTurn(Guid? siteId)
    {
        if (siteId is { } site && !_sites.TryAdd(site, true))
            return null;

        var places = siteId is null ? _operators : _owners;
        if (places.Wait(0))
            return new Turn(this, places, siteId);

        if (siteId is { } late)
            _sites.TryRemove(late, out _);
        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _owners.Dispose();
        _operators.Dispose();
    }

    /// <summary>Writes the file, message by message: it may be larger than there is memory.</summary>
    /// <param name="file">Where to.</param>
    /// <param name="found">Where it is.</param>
    /// <param name="siteId">The only site that was looked at; null for all.</param>
    /// <param name="decrypt">Makes what was refused readable; null where the keys don't fit.</param>
    /// <param name="now">When it is made.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task Write(
        Stream file, FoundPerson found, Guid? siteId, Func<byte[], byte[]?> decrypt, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using (var json = new Utf8JsonWriter(file, Readable))
        {
            var sites = (await connection.QueryAsync<(Guid Id, string Name)>(
                "select id, name from sites where id = any (@Ids)", new { Ids = found.Sites.ToArray() }))
                .ToDictionary(row => row.Id, row => row.Name);
            json.WriteStartObject();
            json.WriteString("made_at", now);
            json.WriteString("of", siteId is null ? "all sites" : "one site");
            json.WriteStartArray("leads");
            foreach (var lead in found.Leads)
                await ExportedLead.Write(
                    json, connection, lead, sites.GetValueOrDefault(lead.SiteId), () => Flush(json, cancellationToken));
            json.WriteEndArray();
            await ExportedElsewhere.Refused(json, connection, found, decrypt, () => Flush(json, cancellationToken));
            await ExportedElsewhere.Messages(json, connection, "set_aside",
                "select id::text as id, set_aside_at as at, reason, message from set_aside where id = any (@ids)",
                found.SetAside.Select(one => one.Id).ToArray(), () => Flush(json, cancellationToken));
            await ExportedElsewhere.Messages(json, connection, "waiting_for_rabbitmq",
                "select id::text as id, kept_at as at, null::text as reason, message from lead_outbox where id = any (@ids)",
                found.Outbox.Select(one => one.Id).ToArray(), () => Flush(json, cancellationToken));
            await Users(json, connection, found, cancellationToken);
            await Mentions(json, found, sites, cancellationToken);
            await Account(json, connection, found.AccountId);
            await Changes(json, connection, found, siteId, cancellationToken);
            json.WriteEndObject();
        }
    }

    /// <summary>What is written goes on its way, once it is worth that.</summary>
    private static Task Flush(Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return json.BytesPending < WrittenAtOnce ? Task.CompletedTask : json.FlushAsync(cancellationToken);
    }

    private static async Task Users(
        Utf8JsonWriter json, NpgsqlConnection connection, FoundPerson found, CancellationToken cancellationToken)
    {
        json.WriteStartArray("users_of_sites");
        foreach (var user in found.Users)
        {
            json.WriteStartObject();
            json.WriteString("site_id", user.SiteId);
            json.WriteString("user_id", user.UserId);
            ExportedContents.Write(json, await connection.ExecuteScalarAsync<byte[]?>(
                "select body from users where site_id = @SiteId and user_id = @UserId", user));
            json.WriteEndObject();
            await Flush(json, cancellationToken);
        }

        json.WriteEndArray();
    }

    private static async Task Mentions(
        Utf8JsonWriter json, FoundPerson found, Dictionary<Guid, string> sites, CancellationToken cancellationToken)
    {
        json.WriteStartArray("named_in_what_is_about_others");
        foreach (var mention in found.Mentions)
        {
            json.WriteStartObject();
            json.WriteString("where", mention.Place);
            json.WriteString("site", mention.SiteId is { } site ? sites.GetValueOrDefault(site) : null);
            json.WriteString("at", mention.At);
            json.WriteEndObject();
            await Flush(json, cancellationToken);
        }

        json.WriteEndArray();
    }

    private static async Task Account(Utf8JsonWriter json, NpgsqlConnection connection, Guid? id)
    {
        if (id is null)
            return;

        // By Postgres, so that what is left out is left out on purpose: hashes, and what lets somebody in.
        json.WritePropertyName("account");
        json.WriteRawValue((await connection.ExecuteScalarAsync<string>(
            """
            select jsonb_build_object(
                'email', a.email, 'role', a.role, 'time_zone', a.time_zone, 'created_at', a.created_at, 'disabled_at', a.disabled_at,
                'locked_until', a.locked_until, 'alerts', a.alerts, 'quiet_from', a.quiet_from, 'quiet_until', a.quiet_until,
                'sites', (select coalesce(jsonb_agg(jsonb_build_object('site', s.name, 'role', o.role)), '[]')
                          from account_sites o join sites s on s.id = o.site_id where o.account_id = a.id),
                'tokens', (select coalesce(jsonb_agg(jsonb_build_object(
                               'name', t.name, 'created_at', t.created_at, 'last_used_at', t.last_used_at)), '[]')
                           from api_tokens t where t.account_id = a.id),
                'sessions', (select coalesce(jsonb_agg(jsonb_build_object(
                                 'started_at', s.started_at, 'last_seen_at', s.last_seen_at, 'how', s.how, 'address', s.address,
                                 'browser', s.browser, 'ended_at', s.ended_at)), '[]')
                             from sessions s where s.account_id = a.id),
                'signs_in_at', (select coalesce(jsonb_agg(jsonb_build_object(
                                    'issuer', g.issuer, 'subject', g.subject, 'since', g.created_at)), '[]')
                                from account_logins g where g.account_id = a.id),
                'passkeys', (select coalesce(jsonb_agg(jsonb_build_object(
                                 'name', p.name, 'created_at', p.created_at, 'last_used_at', p.last_used_at)), '[]')
                             from passkeys p where p.account_id = a.id),
                'authenticator_app', (select jsonb_build_object('created_at', t.created_at, 'last_used_at', t.last_used_at)
                                      from authenticator_apps t where t.account_id = a.id),
                'accesses', (select coalesce(jsonb_agg(jsonb_build_object(
                                 'what', c.what, 'how', c.how, 'first_at', c.first_at, 'last_at', c.last_at, 'count', c.count,
                                 'address', c.address, 'browser', c.browser, 'detail', c.detail)), '[]')
                             from access_log c where c.account_id = a.id),
                'alerts_sent', (select count(*) from alerts l where l.account_id = a.id and l.sent_at is not null))::text
            from accounts a where a.id = @id
            """, new { id }))!);
    }

    private static async Task Changes(
        Utf8JsonWriter json, NpgsqlConnection connection, FoundPerson found, Guid? siteId, CancellationToken cancellationToken)
    {
        json.WriteStartArray("list_of_changes");
        // Row by row: nothing is ever deleted from it.
        await foreach (var row in connection.QueryUnbufferedAsync<(
            DateTimeOffset At, string Actor, string Action, string Kind, string Subject)>(
            """
            select l.at, l.actor, l.action, l.kind, l.subject from audit_log l
            where (@siteId::uuid is null or l.site_id = @siteId)
              and (l.subject_id = any (@leads) or exists (
                  select from accounts a where a.id = @AccountId
                  and (l.actor = a.email or starts_with(l.actor, a.email || ' (token ') or l.subject_id = a.id::text)))
            order by l.id
            """,
            new
            {
                siteId, found.AccountId,
                leads = found.Leads.SelectMany(one => new[] { $"{one.LeadId:N}", $"{one.LeadId:D}" })
                    .Concat(found.Refused.Concat(found.SetAside).Select(one => $"{one.Id:D}")).ToArray(),
            }))
        {
            json.WriteStartObject();
            json.WriteString("at", row.At);
            json.WriteString("who", row.Actor);
            json.WriteString("did", row.Action);
            json.WriteString("what", row.Kind);
            json.WriteString("which", row.Subject);
            json.WriteEndObject();
            await Flush(json, cancellationToken);
        }

        json.WriteEndArray();
    }

    private sealed class Turn(PersonExport export, SemaphoreSlim places, Guid? siteId) : IDisposable
    {
        public void Dispose()
        {
            places.Release();
            if (siteId is { } site)
                export._sites.TryRemove(site, out _);
        }
    }
}
