using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Router.Api.Management;
using Router.Core.SetAside;

namespace Router.Api.Pages.Operator;

/// <summary>
/// Messages that couldn't be taken: why, of which site and lead, nothing of their contents. Sent again or deleted, one or all of a reason.
/// </summary>
internal sealed class SetAsideModel(SetAsideMessages messages, SetAsideSettings settings) : PageModel
{
    private const int PageSize = 50;

    [BindProperty(Name = "after", SupportsGet = true)]
    public Guid? After { get; set; }

    public IReadOnlyList<SetAsideMessage> Rows { get; private set; } = [];

    public IReadOnlyList<SetAsideCount> Counts { get; private set; } = [];

    public string? Next { get; private set; }

    public static string Reason(string reason) => SetAsideReasons.TryParse(reason) switch
    {
        SetAsideReason.Unreadable => "can't be read",
        SetAsideReason.TooLarge => "too large to be sent",
        SetAsideReason.UnknownSite => "its site isn't there",
        SetAsideReason.Refused => "refused by the database",
        SetAsideReason.ErrorQueue => "lay in an error queue of RabbitMQ",
        SetAsideReason.Failed or null => "a fault of the router",
    };

    public static string Advice(string reason) => SetAsideReasons.TryParse(reason) switch
    {
        SetAsideReason.Unreadable => "Somebody else put it into the queue, or it is damaged. Correct it, or delete it.",
        SetAsideReason.TooLarge => "Correct it so that it is smaller, or raise RabbitMq:MaxMessageBytes on all hosts and send it again.",
        SetAsideReason.UnknownSite => "Add the site under this id, then send it again.",
        SetAsideReason.Refused => "The database doesn't take a value in it. Correct it, then send it again.",
        SetAsideReason.ErrorQueue => "Fix what put it there, then send it again.",
        SetAsideReason.Failed or null => "Send it again after the next upgrade, and tell the makers of the router what the log says.",
    };

    public async Task OnGet(CancellationToken cancellationToken)
    {
        Counts = await messages.Counts(cancellationToken);
        var page = Page<SetAsideMessage>.Of(
            await messages.Newest(After, PageSize + 1, cancellationToken), PageSize, row => row.Id.ToString("D"));
        (Rows, Next) = (page.Items, page.Next);
    }

    public async Task<IActionResult> OnPostSend([FromForm(Name = "message")] Guid id, CancellationToken cancellationToken)
    {
        this.Notice(await settings.SendAgain(id, reason: null, cancellationToken) == 1
            ? "It is on its way again."
            : "It can't be sent as it is: it is too large, its contents are deleted, or somebody else was faster.");
        return RedirectToPage(new { after = After });
    }

    public async Task<IActionResult> OnPostSendAll([FromForm(Name = "reason")] string reason, CancellationToken cancellationToken)
    {
        var sent = await settings.SendAgain(id: null, reason, cancellationToken);
        this.Notice(sent == 0 ? "None of them can be sent as it is."
            : $"{Amount.Of(sent, "message is", "messages are")} on the way again.");
        return RedirectToPage();
    }

    public async Task<IActionResult> OnPostDelete([FromForm(Name = "message")] Guid id, CancellationToken cancellationToken)
    {
        this.Notice(await settings.Delete(id, reason: null, cancellationToken) == 1 ? "It is deleted for good." : "It was gone already.");
        return RedirectToPage(new { after = After });
    }
}
