using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Changes;
using Router.Api.Management;

namespace Router.Api.Pages.Operator;

/// <summary>One integration: change it, publish or hide it.</summary>
internal sealed class IntegrationModel(NpgsqlDataSource database, IntegrationSettings catalogue) : IntegrationPage
{
    [FromRoute]
    public Guid Id { get; set; }

    public Integration Integration { get; private set; } = null!;

    public override bool HasSecret => true;

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        Show(Integration);
        return Page();
    }

    public async Task<IActionResult> OnPostGenerate(
        [FromForm(Name = "generated_secret")] string? generated, CancellationToken cancellationToken)
    {
        Generate(generated);
        return await Load(cancellationToken) ? Page() : NotFound();
    }

    [ConfirmFirst]
    public Task<IActionResult> OnPost(CancellationToken cancellationToken) =>
        Change(Fields(), integration => integration.Connected is > 0 and var connected
            ? $"Saved. It is in force within a second for {Amount.Of(connected, "connected site", "connected sites")}."
            : "Saved.", cancellationToken);

    public Task<IActionResult> OnPostPublish(bool published, CancellationToken cancellationToken) =>
        Change(new IntegrationFields(Published: published), integration => integration.Published
            ? $"{integration.Name} is published: every site can connect to it."
            : $"{integration.Name} is hidden: no further site can connect to it.", cancellationToken);

    /// <summary>Sets a header, or takes it away where there is no value.</summary>
    [ConfirmFirst]
    public Task<IActionResult> OnPostHeader(
        [FromForm(Name = "header")] string? header, [FromForm(Name = "value")] string? value, CancellationToken cancellationToken) =>
        Change(
            new IntegrationFields(Headers: new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
            {
                [header?.Trim() ?? ""] = value?.Trim(),
            }),
            _ => value is null ? $"{header} is no longer sent." : $"{header} is sent with each request from now on.", cancellationToken);

    private async Task<IActionResult> Change(
        IntegrationFields fields, Func<Integration, string> notice, CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var changed = await catalogue.Change(Id, fields, cancellationToken);
        if (changed.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice(notice(changed.Made!));
        return RedirectToPage();
    }

    private async Task<bool> Load(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (await IntegrationSettings.Find(connection, Id) is not { } integration)
            return false;

        Integration = integration;
        return true;
    }
}
