using Dapper;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Core.Leads;

namespace Router.Api.Pages.Operator;

/// <summary>Something that an operator's search found.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">What it is called.</param>
/// <param name="About">What tells it from others of that name.</param>
/// <param name="Path">Its page.</param>
internal sealed record FoundThing(string Kind, string Name, string About, string Path);

/// <summary>
/// One search for sites and destinations, by name, domain or id, and for leads and messages by id: who a lead is, operators don't see.
/// What only one thing fits is opened at once.
/// </summary>
internal sealed class FindModel(NpgsqlDataSource database) : PageModel
{
    private const int Most = 50;

    [BindProperty(Name = "q", SupportsGet = true)]
    public string? Text { get; set; }

    public IReadOnlyList<FoundThing> Found { get; private set; } = [];

    public bool HasMore { get; private set; }

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        Text = Text?.Trim();
        if (string.IsNullOrEmpty(Text))
            return Page();

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var found = Uuids.TryParse(Text, out var id)
            ? await ById(connection, id, cancellationToken) : await ByName(connection, Text, cancellationToken);
        (Found, HasMore) = found.Count > Most ? (found[..Most], true) : (found, false);
        return Found is [var only] ? Redirect(only.Path) : Page();
    }

    private static async Task<List<FoundThing>> ByName(NpgsqlConnection connection, string text, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<FoundThing>(new CommandDefinition(
            """
            (select 'Site' as kind, name, domain as about, '/operator/sites/' || id as path from sites
             where strpos(lower(name), lower(@text)) > 0 or strpos(lower(domain), lower(@text)) > 0
             order by lower(name), id limit @Most + 1)
            union all
            (select 'Destination', x.name, 'of ' || s.name, '/sites/' || s.id || '/destinations/' || x.id
             from destinations x join sites s on s.id = x.site_id
             where x.deleted_at is null and x.kind <> 'lead_manager' and strpos(lower(x.name), lower(@text)) > 0
             order by lower(x.name), x.id limit @Most + 1)
            limit @Most + 1
            """, new { text, Most }, cancellationToken: cancellationToken))).AsList();

    /// <summary>An id of a lead may be of several sites: each lead is looked for in its site's index.</summary>
    private static async Task<List<FoundThing>> ById(NpgsqlConnection connection, Guid id, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<FoundThing>(new CommandDefinition(
            """
            select 'Site' as kind, name, domain as about, '/operator/sites/' || id as path from sites where id = @id
            union all
            select 'Destination', x.name, 'of ' || s.name, '/sites/' || s.id || '/destinations/' || x.id
            from destinations x join sites s on s.id = x.site_id where x.id = @id and x.deleted_at is null
            union all
            select 'Lead', l.lead_id::text, 'of ' || s.name, '/sites/' || s.id || '/leads/' || l.lead_id
            from sites s join leads l on l.site_id = s.id and l.lead_id = @id
            union all
            select 'Message', e.id::text, e.action || ' of ' || s.name,
                   case when e.action in ('created', 'updated', 'activity_added') and e.test is null
                        then '/sites/' || s.id || '/leads/' || e.lead_id
                        else '/sites/' || s.id || '/deliveries' end
            from lead_events e join sites s on s.id = e.site_id where e.id = @id
            limit @Most + 1
            """, new { id, Most }, cancellationToken: cancellationToken))).AsList();
}
