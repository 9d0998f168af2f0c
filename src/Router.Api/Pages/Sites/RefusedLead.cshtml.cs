using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Npgsql;
using Router.Api.Authentication;
using Router.Api.Management;
using Router.Api.Requests;
using Router.Core.Intake;
using Router.Core.Leads;
using Router.Core.Retention;

namespace Router.Api.Pages.Sites;

/// <summary>
/// One lead that was refused: what is wrong, what was sent, and its correction. Owners see at once who it is; that an operator looked is
/// written down.
/// </summary>
[LargerBody(LargestForm)]
internal sealed class RefusedLeadModel(
    NpgsqlDataSource database, RefusedLeads leads, RefusedLeadSettings settings, IOptions<RetentionOptions> retention) : SitePage(database)
{
    private static readonly JsonWriterOptions AsTyped = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Deep nesting makes much of little.
    private const int MostReadable = 2 * 1024 * 1024;

    // A form writes most characters as three.
    private const int LargestForm = 4 * MostReadable;

    [FromRoute(Name = "refused")]
    public Guid RefusedId { get; set; }

    public RefusedLead Lead { get; private set; } = null!;

    /// <summary>What was sent, or what was typed; null while it isn't shown.</summary>
    public string? Contents { get; private set; }

    /// <summary>Whether the keys that decrypt it are gone.</summary>
    public bool IsLocked { get; private set; }

    /// <summary>When it is deleted.</summary>
    public DateTimeOffset KeptUntil => Lead.RefusedAt + RefusedLeads.KeptFor(retention.Value.BodiesAfter);

    /// <summary>Whether it was sent as something else than text.</summary>
    public bool IsNoText { get; private set; }

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();
        if (MaySeeLeads)
            await Show(cancellationToken);
        return Page();
    }

    public async Task<IActionResult> OnPostShow(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        await Show(cancellationToken);
        return Page();
    }

    public async Task<IActionResult> OnPostAccept([FromForm(Name = "contents")] string? contents, CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        contents = Lines(contents ?? "");
        // Left as it was shown, it is taken as it was sent, byte by byte.
        var isAsSent = await settings.Body(SiteId, RefusedId, cancellationToken) is { } body && contents == Readable(body);
        var corrected = isAsSent ? null : Compact(contents);
        if ((await settings.Accept(SiteId, RefusedId, corrected, cancellationToken)).Refusal is { } refusal)
        {
            Contents = contents;
            return this.Refused(refusal, "contents");
        }

        this.Notice("It is accepted and on its way to the destinations.");
        return Redirect($"/sites/{SiteId}/refused");
    }

    public async Task<IActionResult> OnPostDelete(CancellationToken cancellationToken)
    {
        await settings.Delete(SiteId, RefusedId, product: null, reason: null, cancellationToken);
        this.Notice("It is deleted for good.");
        return Redirect($"/sites/{SiteId}/refused");
    }

    private async Task<bool> Load(CancellationToken cancellationToken)
    {
        if (await leads.Find(SiteId, RefusedId, cancellationToken) is not { } lead)
            return false;

        Lead = lead;
        return true;
    }

    private async Task Show(CancellationToken cancellationToken)
    {
        if (!Lead.HasContents)
            return;

        if (await settings.Show(SiteId, RefusedId, cancellationToken) is not { } body)
        {
            IsLocked = true;
            return;
        }

        Contents = Readable(body);
        IsNoText = Contents is null;
    }

    /// <summary>With a line for each field where it is JSON; null where it is no text.</summary>
    private static string? Readable(byte[] body)
    {
        if (!Utf8.IsValid(body))
            return null;

        try
        {
            JsonDocument.Parse(body).Dispose();
            if (ReadableJson.Of(body, MostReadable) is { IsCut: false } readable)
                return readable.Text;
        }
        catch (JsonException)
        {
            // As it is: that may be what is wrong with it.
        }

        return Lines(Encoding.UTF8.GetString(body));
    }

    // As a browser sends them. Not all that Unicode takes for the end of a line: JSON's strings may hold that.
    private static string Lines(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');

    /// <summary>Without what only makes it readable; as it was typed where it is no JSON.</summary>
    private static byte[] Compact(string contents)
    {
        try
        {
            using var document = JsonDocument.Parse(contents);
            var compact = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(compact, AsTyped))
                document.RootElement.WriteTo(writer);
            return compact.WrittenSpan.ToArray();
        }
        catch (Exception unfit) when (unfit is JsonException or InvalidOperationException)
        {
            return Encoding.UTF8.GetBytes(contents);
        }
    }
}
