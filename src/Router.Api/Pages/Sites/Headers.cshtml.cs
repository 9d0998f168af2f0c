using System.Text;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Core.Destinations;
using Destination = Router.Api.Management.Destination;

namespace Router.Api.Pages.Sites;

/// <summary>
/// How the router signs in at a receiver that wants more than a signature: an API key, a password or a token, each a header.
/// </summary>
internal sealed class HeadersModel(NpgsqlDataSource database, DestinationSettings settings) : DestinationPage(database)
{
    private const string Authorization = "Authorization";

    [BindProperty(Name = "header")]
    public string? Header { get; set; }

    [BindProperty(Name = "value")]
    public string? Value { get; set; }

    [BindProperty(Name = "username")]
    public string? Username { get; set; }

    [BindProperty(Name = "password")]
    public string? Password { get; set; }

    [BindProperty(Name = "token")]
    public string? Token { get; set; }

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken) => await Load(cancellationToken) ? Page() : NotFound();

    [ConfirmFirst]
    public Task<IActionResult> OnPostHeader(CancellationToken cancellationToken) => Save(
        Header?.Trim() ?? "", Value?.Trim(),
        RequestHeaders.NameProblem(Header?.Trim()) is { } name ? ("header", name)
            : RequestHeaders.ValueProblem(Value?.Trim()) is { } value ? ("value", value) : null, cancellationToken);

    [ConfirmFirst]
    public Task<IActionResult> OnPostBasic(CancellationToken cancellationToken) => Save(
        Authorization, $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Username?.Trim()}:{Password}"))}",
        string.IsNullOrWhiteSpace(Username) ? ("username", "A username is needed.")
            : Username.Contains(':', StringComparison.Ordinal) ? ("username", "A username can't have a colon in it.")
            : string.IsNullOrEmpty(Password) ? ("password", "A password is needed.") : null, cancellationToken);

    [ConfirmFirst]
    public Task<IActionResult> OnPostBearer(CancellationToken cancellationToken) => Save(
        Authorization, $"Bearer {Token?.Trim()}",
        RequestHeaders.ValueProblem(Token?.Trim()) is { } problem ? ("token", problem) : null, cancellationToken);

    [ConfirmFirst]
    public async Task<IActionResult> OnPostRemove([FromForm(Name = "name")] string? name, CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        var changed = await Change(name ?? "", value: null, cancellationToken);
        if (changed.Refusal is { } refusal)
            return this.Refused(refusal);

        this.Notice($"{name} is no longer sent.");
        return RedirectToPage();
    }

    private async Task<IActionResult> Save(
        string name, string? value, (string Field, string Sentence)? problem, CancellationToken cancellationToken)
    {
        if (!await Load(cancellationToken))
            return NotFound();

        if (problem is not { } found)
        {
            var changed = await Change(name, value, cancellationToken);
            if (changed.Refusal is { } refusal)
                return this.Refused(refusal);

            this.Notice(
                $"{Destination.Name} gets {name} with each request from now on. Send it a test, to see that it fits.",
                link: ($"/sites/{SiteId}/destinations/{DestinationId}#test", "Test it"));
            return RedirectToPage();
        }

        ModelState.AddModelError(found.Field, found.Sentence);
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }

    private Task<Change<Destination>> Change(string name, string? value, CancellationToken cancellationToken) => settings.Change(
        SiteId, DestinationId,
        new DestinationFields(Headers: new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase) { [name] = value }),
        cancellationToken);
}
