using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Router.Api.Management;

namespace Router.Api.Pages.Sites;

/// <summary>The client certificate that is presented to a destination's receiver (mTLS).</summary>
internal sealed class CertificateModel(
    NpgsqlDataSource database, DestinationSettings settings, TimeProvider time) : SignInPage(database, settings)
{
    [BindProperty(Name = "client_certificate.chain")]
    public string? Chain { get; set; }

    [BindProperty(Name = "client_certificate.private_key")]
    public string? PrivateKey { get; set; }

    /// <summary>Whether what was typed may be shown again: a key among it may not.</summary>
    public bool IsShowable => Chain?.Contains("PRIVATE KEY", StringComparison.Ordinal) is not true;

    public DateTimeOffset Now => time.GetUtcNow();

    public async Task<IActionResult> OnGet(CancellationToken cancellationToken) => await Load(cancellationToken) ? Page() : NotFound();

    [ConfirmFirst]
    public Task<IActionResult> OnPost(CancellationToken cancellationToken) => Change(
        // Never both absent: that would take away what is there.
        new DestinationFields(ClientCertificate: new ClientCertificateFields(Chain ?? "", PrivateKey)),
        "The certificate is presented from now on. Send a test lead, to see that it is accepted.", cancellationToken);

    [ConfirmFirst]
    public Task<IActionResult> OnPostRemove(CancellationToken cancellationToken) => Change(
        new DestinationFields(ClientCertificate: new ClientCertificateFields()), "No certificate is presented any more.",
        cancellationToken);
}
