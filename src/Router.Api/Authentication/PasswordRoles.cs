using Router.Hosting.ApiSettings;

namespace Router.Api.Authentication;

/// <summary>Who may sign in with a password.</summary>
internal static class PasswordRoles
{
    extension(ProviderOptions options)
    {
        /// <summary>The roles of accounts that may sign in with a password.</summary>
        public string[] RolesWithPassword => !options.IsSet ? [Roles.Owner, Roles.Operator] : options.PasswordSignIn switch
        {
            ProviderOptions.Allowed => [Roles.Owner, Roles.Operator],
            ProviderOptions.OperatorsOnly => [Roles.Operator],
            _ => [],
        };
    }
}
