using Microsoft.AspNetCore.Mvc.RazorPages;
using Npgsql;
using Router.Api.Management;

namespace Router.Api.Pages.Operator;

/// <summary>The catalogue, hidden ones too.</summary>
internal sealed class CatalogueModel(NpgsqlDataSource database) : PageModel
{
    public IReadOnlyList<Integration> Integrations { get; private set; } = [];

    public async Task OnGet(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        Integrations = await IntegrationSettings.List(connection, all: true);
    }
}
