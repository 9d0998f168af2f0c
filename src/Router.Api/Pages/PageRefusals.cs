using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Router.Api.Changes;
using Router.Core.Destinations;

namespace Router.Api.Pages;

/// <summary>Says why a change was not made: beside the fields, and nothing that was typed is lost.</summary>
internal static class PageRefusals
{
    private static readonly Dictionary<string, string> Labels = new(StringComparer.Ordinal)
    {
        ["'name'"] = "The name", ["'url'"] = "The URL", ["'secret'"] = "The secret", ["'partner_id'"] = "The Partner ID",
        ["'email'"] = "This", ["'reason'"] = "The reason", ["'networks'"] = "What you enter",
        ["'domain'"] = "The domain", ["'login_url_template'"] = "The login URL", ["'display_name'"] = "The name that receivers see",
        ["'username'"] = "The username",
        ["'description'"] = "The description", ["'partner_id_label'"] = "The label", ["'partner_id_help'"] = "The help text",
        ["'actions' must be one or more of created, updated, activity_added, user_updated."] = "Choose at least one.",
        ["'key_label'"] = "The word for the key", ["'key_help'"] = "The help text", ["'key_header'"] = "The header that carries the key",
        ["'overlap_hours'"] = "The overlap", ["'max_in_flight'"] = "The limit",
        ["'oauth.token_url'"] = "The token URL", ["'oauth.client_id'"] = "The client ID", ["'oauth.client_secret'"] = "The client secret",
        ["'oauth.scope'"] = "The scope", ["'oauth.audience'"] = "The audience",
        ["'lead_manager.url'"] = "The Lead Manager's URL", ["'lead_manager.secret'"] = "The Lead Manager's secret",
        ["'limits.destinations'"] = "This", ["'limits.in_flight'"] = "This", ["'limits.in_flight_at_host'"] = "This",
        ["'limits.waiting_megabytes'"] = "This", ["'limits.replays'"] = "This", ["'limits.replayed_per_hour'"] = "This",
        ["'limits.tests_per_minute'"] = "This",
        ["'lead_manager.partner_id'"] = "The Lead Manager's Partner ID",
    };

    /// <param name="page">The page that is shown again.</param>
    /// <param name="refusal">Why.</param>
    /// <param name="about">The field that a refusal without fields is about, if it is about one.</param>
    public static IActionResult Refused(this PageModel page, Refusal refusal, string about = "")
    {
        if (refusal.Status == StatusCodes.Status404NotFound)
            return page.NotFound();

        page.Response.StatusCode = refusal.Status;
        if (refusal.Fields is null)
            page.ModelState.AddModelError(refusal.About ?? about, refusal.Sentence);
        foreach (var (field, sentences) in refusal.Fields?.ByField ?? [])
            page.ModelState.AddModelError(field, OwnSettings.Find(field)?.Field?.Wrong ?? ForPeople(sentences[0]));
        return page.Page();
    }

    /// <summary>Shows the page again, with a sentence about all of what was entered.</summary>
    public static PageResult Wrong(this PageModel page, string sentence, int status = StatusCodes.Status422UnprocessableEntity)
    {
        page.ModelState.AddModelError("", sentence);
        page.Response.StatusCode = status;
        return page.Page();
    }

    /// <summary>One sentence for the next page that is shown.</summary>
    /// <param name="page">The page that did something.</param>
    /// <param name="sentence">What it did.</param>
    /// <param name="at">The place on the next page where people look; its top without. That page has a <c>_Notice</c> for it.</param>
    /// <param name="link">What to do next.</param>
    public static void Notice(this PageModel page, string sentence, string? at = null, (string Path, string Words)? link = null)
    {
        page.TempData["notice"] = sentence;
        page.TempData["notice-at"] = at;
        page.TempData["notice-link"] = link is { } next ? $"{next.Path} {next.Words}" : null;
    }

    private static string ForPeople(string sentence)
    {
        // A sentence about a field of a lead names that, not one of the form.
        if (sentence.Contains(" field '", StringComparison.Ordinal))
            return sentence;

        foreach (var (field, label) in Labels)
            sentence = sentence.Replace(field, label, StringComparison.Ordinal);
        return sentence;
    }
}
