namespace Router.Api.Accounts.SecondFactors;

/// <summary>Authenticator apps, passkeys and recovery codes, and the second step of signing in.</summary>
internal static class SecondFactorsHosting
{
    public static void AddSecondFactors(this IServiceCollection services)
    {
        services.AddSingleton<RelyingParty>();
        services.AddSingleton<PasskeyQuestions>();
        services.AddSingleton<PasskeyAnswers>();
        services.AddSingleton<Passkeys>();
        services.AddSingleton<AuthenticatorApps>();
        services.AddSingleton<RecoveryCodes>();
        services.AddSingleton<WrongCodes>();
        services.AddSingleton<FactorsOfAccount>();
        services.AddSingleton<AccountNotices>();
        services.AddSingleton<SecondSteps>();
    }
}
