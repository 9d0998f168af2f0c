using System.Text;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Router.Api.Changes;
using Router.Api.Management;
using Router.Api.Requests;
using Router.Core.SetAside;

namespace Router.Api.Pages.Operator;

/// <summary>One message that is set aside: its contents, when the operator asks for them, and its correction.</summary>
// A form writes most characters as three.
[LargerBody(4 * LargestShown)]
internal sealed class SetAsideMessageModel(SetAsideMessages messages, SetAsideSettings settings) : PageModel
{
    // What a browser edits without trouble; larger ones are corrected by the API.
    private const int LargestShown = 512 * 1024;

    [FromRoute(Name = "id")]
    public Guid Id { get; set; }

    public Core.SetAside.SetAsideMessage Message { get; private set; } = null!;

    /// <summary>Null until they are asked for.</summary>
    public string? Contents { get; private set; }

    public bool CanShow => Message is { HasMessage: true, Size: <= LargestShown };

    public Task<IActionResult> OnGet(CancellationToken cancellationToken) => Load(cancellationToken);

    [ConfirmFirst]
    public async Task<IActionResult> OnPostShow(CancellationToken cancellationToken)
    {
        if (await Load(cancellationToken) is var page && Message is not null && CanShow
            && await settings.Show(Id, cancellationToken) is { } contents)
            Contents = Encoding.UTF8.GetString(contents);
        return page;
    }

    public async Task<IActionResult> OnPostCorrect([FromForm(Name = "contents")] string? contents, CancellationToken cancellationToken)
    {
        if ((await settings.Correct(Id, Encoding.UTF8.GetBytes(contents ?? ""), cancellationToken)).Refusal is { } refusal)
        {
            Contents = contents ?? "";
            return await Load(cancellationToken) is NotFoundResult gone ? gone : this.Refused(refusal, "contents");
        }

        var sent = await settings.SendAgain(Id, reason: null, cancellationToken) == 1;
        this.Notice(sent ? "It is corrected and on its way again." : "It is corrected, but can't be sent: look at it again.");
        return Redirect("/operator/set-aside");
    }

    private async Task<IActionResult> Load(CancellationToken cancellationToken)
    {
        if (await messages.Find(Id, cancellationToken) is not { } message)
            return NotFound();

        Message = message;
        return Page();
    }
}
