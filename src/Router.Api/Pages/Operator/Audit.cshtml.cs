using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Api.Management;

namespace Router.Api.Pages.Operator;

/// <summary>Who did what, everywhere.</summary>
internal sealed class AuditModel(NpgsqlDataSource database, AuditLog log, AccessReport accesses) : PageModel
{
    private const int PartSize = 1_000;

    [BindProperty(Name = "site", SupportsGet = true)]
    public Guid? SiteId { get; set; }

    [BindProperty(Name = "actor", SupportsGet = true)]
    public string? Actor { get; set; }

    [BindProperty(Name = "before", SupportsGet = true)]
    public long? Before { get; set; }

    /// <summary><c>access</c> for who signed in and who was not let in; else the changes.</summary>
    [BindProperty(Name = "show", SupportsGet = true)]
    public string? Show { get; set; }

    public bool ShowsAccess => Show == "access";

    public IReadOnlyList<AccessRow> Accesses { get; private set; } = [];

    public IReadOnlyList<AuditRow> Rows { get; private set; } = [];

    /// <summary>The one that is asked for, if any.</summary>
    public Site? Site { get; private set; }

    public async Task OnGet(CancellationToken cancellationToken)
    {
        if (ShowsAccess)
        {
            Accesses = await accesses.Newest(account: null, Who, Before, limit: 100, cancellationToken);
            return;
        }

        Rows = await log.Newest(SiteId, Who, Before, limit: 100, cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        Site = SiteId is { } site ? await SiteSettings.Find(connection, site) : null;
    }

    /// <summary>All that the filters leave, for a spreadsheet or whatever collects such logs.</summary>
    public IActionResult OnGetCsv() => ShowsAccess
        ? new CsvFile(
            "sign-ins", ["first", "last", "count", "account", "what", "with", "address", "browser", "detail"],
            All((before, token) => accesses.Newest(account: null, Who, before, PartSize, token), row => row.Id, row => [
                row.FirstAt, row.LastAt, row.Count, row.Email, row.What, row.How, row.Address, row.Browser, row.Detail]))
        : new CsvFile(
            "changes", ["at", "who", "action", "kind", "id", "name", "site", "changes"],
            All((before, token) => log.Newest(SiteId, Who, before, PartSize, token), row => row.Id, row => [
                row.At, row.Actor, row.Action, row.Kind, row.SubjectId, row.Subject, row.SiteName, row.Changes]));

    private string? Who => string.IsNullOrWhiteSpace(Actor) ? null : Actor.Trim();

    private static async IAsyncEnumerable<IEnumerable<object?[]>> All<T>(
        Func<long?, CancellationToken, Task<List<T>>> newest, Func<T, long> id, Func<T, object?[]> cells,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        long? before = null;
        while (await newest(before, cancellationToken) is { Count: > 0 } rows)
        {
            yield return rows.Select(cells);
            before = id(rows[^1]);
        }
    }
}
