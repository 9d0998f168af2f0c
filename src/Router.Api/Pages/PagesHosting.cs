using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Mvc.ApplicationModels;
using Microsoft.Extensions.Options;
using Router.Api.Authentication;
using Router.Api.Changes;
using Router.Hosting;
using Router.Hosting.ApiSettings;

namespace Router.Api.Pages;

/// <summary>The web pages: rendered here, plain HTML forms, and a script that improves them. They work without it.</summary>
internal static partial class PagesHosting
{
    private static readonly string[] ChangingPages =
    [
        "Catalogue", "Connect", "NewDestination", "RotateSecret", "Headers", "AccessTokens", "Certificate", "Filter", "Mapping",
        "Answers", "Pace", "Developer",
        "SwitchOff", "DeleteDestination", "Missed", "EraseLead", "Person",
    ];

    public static void AddPages(this IServiceCollection services)
    {
        services.AddRazorPages(options =>
        {
            options.Conventions.AuthorizeFolder("/Sites", RouterAuthentication.SitePolicy);
            // These are nothing but a form.
            foreach (var page in ChangingPages)
                options.Conventions.AuthorizePage($"/Sites/{page}", RouterAuthentication.SiteChangePolicy);
            options.Conventions.AuthorizeFolder("/Operator", RouterAuthentication.OperatorPolicy);
            options.Conventions.AllowAnonymousToPage("/SignIn");
            options.Conventions.AllowAnonymousToPage("/SignInWithProvider");
            options.Conventions.AllowAnonymousToPage("/SecondStep");
            options.Conventions.AllowAnonymousToPage("/Invitation");
            options.Conventions.AllowAnonymousToPage("/Guide");
            options.Conventions.AllowAnonymousToPage("/LostPassword");
            options.Conventions.AllowAnonymousToPage("/Unsubscribe");
            options.Conventions.ConfigureFilter(new KnownHandlers());
            options.Conventions.ConfigureFilter(new Confirmation());
            options.Conventions.ConfigureFilter(new ChangeRateFilter());
            options.Conventions.ConfigureFilter(new KeptForms());
        });
        services.AddSingleton<ActiveNotice>();
        services.AddSingleton<Attention>();
        services.AddSingleton<Parts>();
        services.AddSingleton<PersonFields>();
        services.PostConfigure<CookieAuthenticationOptions>(
            SessionCookie.SchemeName, options => options.Events.OnRedirectToLogin = KeptForms.Keep);
        services.AddSignInRateLimit();
        services.AddHsts(hsts => (hsts.MaxAge, hsts.IncludeSubDomains) = (TimeSpan.FromDays(365), true));
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<HttpOptions>>((forwarded, http) =>
        {
            forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            forwarded.ForwardLimit = http.Value.ProxyHops;
            // Besides this machine itself, which is the default.
            foreach (var network in http.Value.Proxies)
                forwarded.KnownIPNetworks.Add(network);
        });
    }

    /// <summary>Whether the path is a page, rather than an API or a probe.</summary>
    public static bool IsPage(PathString path) =>
        !Incoming.IncomingEndpoints.Owns(path) && !path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
        && !path.StartsWithSegments("/openapi", StringComparison.OrdinalIgnoreCase)
            && !path.StartsWithSegments("/health", StringComparison.OrdinalIgnoreCase);

    /// <summary>What a browser must know to keep a page safe, and what proxies say of the browser.</summary>
    public static void UsePageSecurity(this WebApplication app)
    {
        if (app.Configuration["Pages:Notice"] is { Length: > 0 } notice)
            LogNotice(app.Logger, notice);
        app.UseForwardedHeaders();
        app.UseHsts();
        app.Use((context, next) =>
        {
            NoSniffing(context.Response.Headers);
            // Some answers of the API hold a secret that is shown once, and all are somebody's own.
            if (context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase))
                context.Response.Headers.CacheControl = "no-store";
            return next(context);
        });
        app.UseWhen(context => IsPage(context.Request.Path), pages =>
        {
            pages.UseCookiePolicy();
            // When the answer starts: an error's page has begun anew by then.
            pages.Use((context, next) =>
            {
                context.Response.OnStarting(() => SetHeaders(context.Response.Headers));
                return next(context);
            });
        });
    }

    public static void MapPages(this WebApplication app)
    {
        app.MapAssets();
        app.MapRazorPages().RequireAuthorization();
    }

    /// <summary>Nothing that we send is anything else than its content type says.</summary>
    public static void NoSniffing(IHeaderDictionary headers) => headers.XContentTypeOptions = "nosniff";

    private static Task SetHeaders(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy =
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; "
            + "base-uri 'none'; frame-ancestors 'none'";
        NoSniffing(headers);
        headers.XFrameOptions = "DENY";
        // An invitation's link is a secret.
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        if (headers.CacheControl.Count == 0)
            headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "On every page: {Notice}")]
    private static partial void LogNotice(ILogger logger, string notice);
}
