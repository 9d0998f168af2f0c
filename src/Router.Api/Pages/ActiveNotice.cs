using Microsoft.AspNetCore.Mvc.RazorPages;
using Router.Api.Management;
using Router.Core.Deliveries;

namespace Router.Api.Pages;

/// <summary>What switching a destination on or off has done, and what it missed meanwhile.</summary>
internal sealed class ActiveNotice(AuditLog log, ReplayJobs replays)
{
    /// <summary>Says it on the page that comes next, beside the switch.</summary>
    public async Task Say(PageModel page, Guid site, Destination destination, string at, CancellationToken cancellationToken)
    {
        if (!destination.Active)
        {
            page.Notice(Off(destination), at);
            return;
        }

        var sentence = $"{destination.Name} is on: it gets every lead from now on.";
        if (await log.SwitchedOff(site, destination.Id, cancellationToken) is not { } off)
        {
            page.Notice(sentence, at);
            return;
        }

        var since = await replays.MissedSince(destination.Id, off.At, cancellationToken);
        var missed = await replays.Count(site, new DeliveryFilter(Destination: destination.Id, From: since), cancellationToken);
        if (missed.Total == 0)
            page.Notice(sentence, at);
        else
            page.Notice(
                $"{sentence} {(off.WasNew ? "Before that came" : "While it was off it missed")} {Amount.Messages(missed)}.", at,
                ($"/sites/{site}/destinations/{destination.Id}/missed",
                    off.WasNew ? "Send it those, too …" : "Send it what it missed …"));
    }

    private static string Off(Destination destination) => destination.CanceledDeliveries switch
    {
        null or 0 => $"{destination.Name} is off: it gets no more leads.",
        1 => $"{destination.Name} is off: it gets no more leads. 1 waiting delivery was canceled; you can send it again once it is on.",
        var count => $"{destination.Name} is off: it gets no more leads. {count} waiting deliveries were canceled; "
            + "you can send them again once it is on.",
    };
}
