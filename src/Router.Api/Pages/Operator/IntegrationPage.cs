using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Router.Api.Management;

namespace Router.Api.Pages.Operator;

/// <summary>The form of an integration: the same for a new one and for a change.</summary>
internal abstract class IntegrationPage : PageModel
{
    [BindProperty(Name = "name")]
    public string? Name { get; set; }

    [BindProperty(Name = "description")]
    public string? Description { get; set; }

    [BindProperty(Name = "url")]
    public string? IntegrationUrl { get; set; }

    [BindProperty(Name = "secret")]
    public string? Secret { get; set; }

    [BindProperty(Name = "signature")]
    public string? Signature { get; set; }

    [BindProperty(Name = "partner_id_label")]
    public string? PartnerIdLabel { get; set; }

    [BindProperty(Name = "partner_id_help")]
    public string? PartnerIdHelp { get; set; }

    [BindProperty(Name = "key_label")]
    public string? KeyLabel { get; set; }

    [BindProperty(Name = "key_help")]
    public string? KeyHelp { get; set; }

    [BindProperty(Name = "key_header")]
    public string? KeyHeader { get; set; }

    [BindProperty(Name = "key_scheme")]
    public string? KeyScheme { get; set; }

    /// <summary>Whether an empty secret leaves the one that is stored.</summary>
    public virtual bool HasSecret => false;

    protected void Generate(string? generated)
    {
        Secret = GeneratedSecret.Of(generated);
        ModelState.Remove("secret");
    }

    protected void Show(Integration integration)
    {
        (Name, Description, IntegrationUrl, Signature) =
            (integration.Name, integration.Description, integration.Url, integration.Signature);
        (PartnerIdLabel, PartnerIdHelp) = (integration.PartnerIdLabel ?? "", integration.PartnerIdHelp);
        (KeyLabel, KeyHelp, KeyHeader, KeyScheme) =
            (integration.KeyLabel, integration.KeyHelp, integration.KeyHeader, integration.KeyScheme);
    }

    protected IntegrationFields Fields() => new(
        Name?.Trim() ?? "", OneLine(Description), IntegrationUrl?.Trim() ?? "", HasSecret && string.IsNullOrWhiteSpace(Secret) ? null
            : Secret?.Trim() ?? "", Signature,
        PartnerIdLabel?.Trim() ?? "", OneLine(PartnerIdHelp), KeyLabel: KeyLabel?.Trim() ?? "", KeyHelp: OneLine(KeyHelp),
        KeyHeader: string.IsNullOrWhiteSpace(KeyLabel) || string.IsNullOrWhiteSpace(KeyHeader) ? null : KeyHeader.Trim(),
        KeyScheme: string.IsNullOrWhiteSpace(KeyLabel) ? null : KeyScheme);

    /// <summary>What is typed into a box of some lines may be wrapped by hand; on a card it is one paragraph.</summary>
    protected static string OneLine(string? text) =>
        string.Join(' ', (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
