namespace Router.Hosting.ApiSettings;

/// <summary>
/// The settings that the API alone reads. They are here, and not beside what reads them, so that doctor finds what is wrong in them just as
/// the API does: the command line doesn't know the API.
/// </summary>
internal static class ApiSettingsHosting
{
    public static void AddApiSettings(this IServiceCollection services, IConfiguration configuration)
    {
        Bind<AdminOptions>("Admin");
        Bind<IncomingOptions>("Incoming");
        Bind<PagesOptions>("Pages");
        Bind<ProviderOptions>("OpenIdConnect");
        Bind<SecondFactorOptions>("SecondFactor");
        Bind<SessionLimitOptions>("Sessions");

        void Bind<T>(string section)
            where T : class =>
            services.AddOptions<T>().Bind(configuration.GetSection(section)).ValidateDataAnnotations().ValidateOnStart();
    }
}
