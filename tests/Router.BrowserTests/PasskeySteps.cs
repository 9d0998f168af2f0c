using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Router.BrowserTests;

/// <summary>What people do on the pages about passkeys.</summary>
internal static class PasskeySteps
{
    public static async Task AddPasskey(this IPage page, string name)
    {
        await page.GotoAsync("/account/second-factor/passkey");
        await page.GetByLabel("Its name").FillAsync(name);
        await page.GetByRole(AriaRole.Button, new() { Name = "Add it" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/account/second-factor$"));
    }

    public static async Task SignOut(this IPage page)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/sign-in"));
    }

    public static async Task Password(this IPage page, string email)
    {
        await page.GetByLabel("E-mail").FillAsync(email);
        await page.GetByLabel("Password").FillAsync(Browser.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
    }

    public static Task PressPasskey(this IPage page, string button) =>
        page.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync();
}
