using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Npgsql;
using RabbitMQ.Client.Exceptions;
using Router.Cli.Showing;
using Router.Core.Recovery;
using Router.Hosting;
using Spectre.Console;

namespace Router.Cli.Diagnosis;

/// <summary>What is sent again and what is missing after Postgres was restored or RabbitMQ's disk was lost.</summary>
internal static class AfterRestoreLook
{
    /// <param name="configuration">The hosts'.</param>
    /// <param name="ids">A file of ids to look for; null for none.</param>
    /// <param name="send">Whether to send what nobody else would.</param>
    /// <param name="output">Where the report goes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<int> Run(
        IConfiguration configuration, FileInfo? ids, bool send, Output output, CancellationToken cancellationToken)
    {
        try
        {
            return send ? await Send(configuration, output, cancellationToken)
                : await Look(configuration, ids, output, cancellationToken);
        }
        catch (OptionsValidationException wrong)
        {
            Output.Note(wrong.Message);
            return ExitCode.Usage;
        }
        catch (Exception away) when (away is BrokerUnreachableException or NpgsqlException)
        {
            Output.Note($"{(away is NpgsqlException ? "Postgres" : "RabbitMQ")} can't be looked at. Start it, and look again; "
                + "router doctor says what is wrong.");
            return ExitCode.Unreachable;
        }
    }

    private static async Task<int> Look(
        IConfiguration configuration, FileInfo? ids, Output output, CancellationToken cancellationToken)
    {
        using var file = ids?.OpenText() ?? TextReader.Null;
        var asked = RestoreCheck.Ids(file);
        var report = await RestoreCheck.Look(configuration, asked, cancellationToken);
        output.Json(JsonNode.Parse(RestoreCheck.Json(report))!);
        foreach (var line in RestoreWords.Of(report, TimeProvider.System.GetUtcNow()))
            output.Line(line);
        return report.NeedsSomebody ? ExitCode.Failed : ExitCode.Fine;
    }

    private static async Task<int> Send(IConfiguration configuration, Output output, CancellationToken cancellationToken)
    {
        var sent = await RestoreCheck.Send(configuration, cancellationToken);
        output.Json(new JsonObject { ["sent"] = sent });
        output.Line(RestoreWords.OfSent(sent), sent is null ? Color.Red : Color.Default);
        return sent is null ? ExitCode.Failed : ExitCode.Fine;
    }
}
