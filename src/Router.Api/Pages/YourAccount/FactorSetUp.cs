using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Router.Api.Pages.YourAccount;

/// <summary>What follows when a second factor was set up.</summary>
internal static class FactorSetUp
{
    /// <summary>The page of second factors, with the recovery codes if there are any now.</summary>
    /// <param name="page">Where it was set up.</param>
    /// <param name="sentence">What was.</param>
    /// <param name="codes">Shown there once.</param>
    /// <param name="goesOn">Where whoever was led here wanted to go; null if nobody was.</param>
    public static IActionResult SetUp(this PageModel page, string sentence, string[] codes, string? goesOn)
    {
        if (codes.Length > 0)
            page.ShowOnce(codes, SecondFactorModel.Path);
        page.Notice(sentence);
        return page.RedirectToPage("/YourAccount/SecondFactor", goesOn is null ? null : new { @return = goesOn });
    }
}
