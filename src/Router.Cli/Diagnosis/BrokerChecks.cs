using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RabbitMQ.Client.Exceptions;
using Router.Hosting;

namespace Router.Cli.Diagnosis;

/// <summary>Whether RabbitMQ lets the hosts in, and what the router itself would find about its queues.</summary>
internal sealed class BrokerChecks(IServiceProvider services)
{
    private const string Subject = "broker";

    private const string Setting = "RabbitMq:Uri";

    public async Task<List<Finding>> Look(CancellationToken cancellationToken)
    {
        BrokerAddress address;
        try
        {
            address = BrokerAddress.Parse(services.GetRequiredService<IOptions<BrokerOptions>>().Value.Uri);
        }
        catch (Exception wrong) when (wrong is OptionsValidationException or UriFormatException or InvalidOperationException)
        {
            return [new Finding(Gravity.Problem, Subject, $"It can't be looked for: {Setting}, or another setting of its section, "
                + "is missing or wrong.", "Correct it first: it is named under configuration.")];
        }

        var findings = new List<Finding>();
        foreach (var node in address.Nodes)
            findings.Add(await Connect(node, $"{node.Host}:{address.PortOf(node)}", cancellationToken));
        if (findings.TrueForAll(finding => finding.Gravity is Gravity.Problem))
            return findings;

        // Of a cluster one node is enough for now.
        return
        [
            .. findings.Select(finding => finding.Gravity is Gravity.Problem ? finding with { Gravity = Gravity.Warning } : finding),
            .. await Watch(cancellationToken),
        ];
    }

    private static async Task<Finding> Connect(Uri node, string where, CancellationToken cancellationToken)
    {
        try
        {
            var only = new BrokerNodes(Options.Create(new BrokerOptions { Uri = node.OriginalString }));
            await using var connection = await BrokerLine.Factory(only, "router-doctor").CreateConnectionAsync(cancellationToken);
            return new Finding(Gravity.Fine, Subject, $"RabbitMQ at {where} lets the router in.");
        }
        catch (Exception failed) when (failed is BrokerUnreachableException or OperationInterruptedException or IOException
            or SocketException or TimeoutException)
        {
            return Failed(failed, where);
        }
    }

    private async Task<IEnumerable<Finding>> Watch(CancellationToken cancellationToken)
    {
        var watch = services.GetRequiredService<BrokerWatch>();
        await watch.Look(cancellationToken);
        // Queues without consumers show at the second look.
        var found = await watch.Look(cancellationToken);
        return found.Length == 0
            ? [new Finding(Gravity.Fine, Subject, $"RabbitMQ {watch.Version} has nothing to complain about: queues, policies and alarms.")]
            : found.Select(finding => new Finding(
                finding.Weight is FindingWeight.Danger ? Gravity.Problem : Gravity.Warning, Subject, finding.What, finding.Fix));
    }

    private static Finding Failed(Exception failed, string where)
    {
        for (Exception? one = failed; one is not null; one = one.InnerException)
        {
            if (one is AuthenticationFailureException or PossibleAuthenticationFailureException)
                return new Finding(Gravity.Problem, Subject, $"RabbitMQ at {where} refuses the user or password of {Setting}.",
                    "Correct it, or set it: rabbitmqctl change_password. In the URI, '@', '/' and '%' of a password are percent-encoded.");
            if (one is OperationInterruptedException { ShutdownReason: { } reason })
                return new Finding(Gravity.Problem, Subject, $"RabbitMQ at {where} refuses: {reason.ReplyText}.",
                    "Make the virtual host (rabbitmqctl add_vhost) and let the user in (rabbitmqctl set_permissions), or correct "
                    + $"{Setting}.");
        }

        return new Finding(Gravity.Problem, Subject, $"RabbitMQ at {where} can't be reached.",
            $"Start it, or correct {Setting}. The API keeps leads in Postgres meanwhile.");
    }
}
