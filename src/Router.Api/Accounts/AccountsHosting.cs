namespace Router.Api.Accounts;

/// <summary>Accounts, their passwords, sign-ins and API tokens: what the management API and the pages do with them.</summary>
internal static class AccountsHosting
{
    public static void AddAccounts(this IServiceCollection services)
    {
        services.AddSingleton<SiteOwnersMail>();
        services.AddSingleton<LettingIn>();
        services.AddSingleton<AccountSettings>();
        services.AddSingleton<SitePeople>();
        services.AddSingleton<TimeZoneChoice>();
        services.AddSingleton<Passwords>();
        services.AddSingleton<SignIns>();
        services.AddSingleton<PasswordTries>();
        services.AddSingleton<SessionList>();
        services.AddSingleton<ApiTokens>();
        services.AddSingleton<AccountMail>();
        services.AddSingleton<AlertChoices>();
        services.AddSingleton<LostPasswords>();
    }
}
