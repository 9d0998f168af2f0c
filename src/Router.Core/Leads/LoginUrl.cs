namespace Router.Core.Leads;

/// <summary>The link with which a lead's owner signs in to the site: the site's template with the lead's id filled in.</summary>
public static class LoginUrl
{
    /// <summary>The field of a body that holds it.</summary>
    public const string Field = "site_login_url";

    /// <summary>The placeholder in a site's template.</summary>
    public const string Placeholder = "{lead_id}";

    /// <summary>The template with the id, escaped for a URL, in place of each <see cref="Placeholder"/>.</summary>
    public static string Of(string template, string leadId) =>
        template.Replace(Placeholder, Uri.EscapeDataString(leadId), StringComparison.Ordinal);
}
