using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using Npgsql;
using Router.Api.Accounts.SecondFactors;
using Router.Api.Authentication;
using Router.Api.Changes;

namespace Router.Api.Pages;

/// <summary>Between the right password and the session: a code, a passkey or a recovery code.</summary>
[EnableRateLimiting(SignInRateLimit.Policy)]
internal sealed class SecondStepModel(
    NpgsqlDataSource database, SecondSteps steps, AuthenticatorApps apps, RecoveryCodes codes, PasskeyAnswers passkeys, WrongCodes wrong,
    RelyingParty relyingParty, AccessLog log, TimeProvider time) : PageModel
{
    private SecondStep _step = null!;

    public string Email => _step.Owner.Email;

    public bool HasApp { get; private set; }

    /// <summary>Null when the account has no passkey.</summary>
    public PasskeyQuestion? Question { get; private set; }

    /// <summary>The only place where passkeys work.</summary>
    public Uri? Pages => relyingParty.Pages;

    /// <summary>Whether a recovery code was tried.</summary>
    public bool IsRecovery { get; private set; }

    public Task<IActionResult> OnGet(CancellationToken cancellationToken) => Show(cancellationToken);

    [Uncounted]
    public Task<IActionResult> OnPostCode([FromForm(Name = "code")] string? code, CancellationToken cancellationToken) => Try(
        owner => apps.Check(owner.Id, code, cancellationToken), "code",
        "This is not the code that the app shows now, or it was used already. Wait for the next one.", cancellationToken);

    [Uncounted]
    public Task<IActionResult> OnPostRecovery([FromForm(Name = "recovery_code")] string? code, CancellationToken cancellationToken)
    {
        IsRecovery = true;
        return Try(
            owner => codes.Use(owner, code, cancellationToken), "recovery_code",
            "This is not one of your recovery codes, or it was used already.", cancellationToken);
    }

    [Uncounted]
    public async Task<IActionResult> OnPostPasskey(
        [FromForm(Name = "state")] string? state, [FromForm(Name = "credential")] string? credential, CancellationToken cancellationToken)
    {
        if (steps.Find(HttpContext) is not { } step)
            return Redirect("/sign-in");
        if (await passkeys.Check(step.Owner.Id, state, credential, cancellationToken) is not null)
            return Redirect(await steps.Start(HttpContext, step, cancellationToken) ?? "/sign-in");

        await Write(step, "a passkey", cancellationToken);
        return await Wrong("", "This passkey was not taken. Try again, or use another way.", cancellationToken);
    }

    private async Task<IActionResult> Try(
        Func<SessionOwner, Task<bool>> check, string field, string sentence, CancellationToken cancellationToken)
    {
        if (steps.Find(HttpContext) is not { } step)
            return Redirect("/sign-in");
        if (await wrong.Count(step.Owner.Id, cancellationToken) is { } until)
        {
            await Write(step, "a code that was not looked at, after too many wrong ones", cancellationToken);
            return await Wrong("", $"Too many codes were wrong: none is taken for {Wait(until)}. Somebody who knows your password may have "
                + "tried them: change it as soon as you are in.", cancellationToken);
        }

        if (!await check(step.Owner))
        {
            await Write(step, IsRecovery ? "a recovery code" : "a code of the app", cancellationToken);
            return await Wrong(field, sentence, cancellationToken);
        }

        await wrong.Forget(step.Owner.Id, cancellationToken);
        return Redirect(await steps.Start(HttpContext, step, cancellationToken) ?? "/sign-in");
    }

    private Task Write(SecondStep step, string what, CancellationToken cancellationToken) => log.Write(
        HttpContext, AccessEvents.WrongSecondStep, step.Owner.Id, step.How, what, cancellationToken);

    private async Task<IActionResult> Wrong(string field, string sentence, CancellationToken cancellationToken)
    {
        var shown = await Show(cancellationToken);
        ModelState.AddModelError(field, sentence);
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        return shown;
    }

    private async Task<IActionResult> Show(CancellationToken cancellationToken)
    {
        // Nobody has made the first step, or too long ago.
        if (steps.Find(HttpContext) is not { } step)
            return Redirect("/sign-in");

        _step = step;
        Question = await passkeys.Ask(step.Owner.Id, cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        HasApp = await AuthenticatorApps.Find(connection, step.Owner.Id) is not null;
        return Page();
    }

    private string Wait(DateTimeOffset until)
    {
        var minutes = Math.Max(1, (int)Math.Ceiling((until - time.GetUtcNow()).TotalMinutes));
        return minutes switch
        {
            1 => "1 more minute",
            < 120 => $"{minutes} more minutes",
            _ => $"{(minutes + 59) / 60} more hours",
        };
    }
}
