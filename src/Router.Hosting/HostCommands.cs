using Microsoft.Extensions.Options;
using Npgsql;
using RabbitMQ.Client.Exceptions;
using Router.Core;
using Router.Core.Recovery;

namespace Router.Hosting;

/// <summary>
/// Words behind either host's program, with which it does one thing with its settings and ends, with its exit code: <c>health</c>
/// (<see cref="HealthQuestion"/>); <c>migrate</c> brings the schema up to date; <c>rotate-keys</c> encrypts what is stored with new
/// keys (1: something could not be read); <c>after-restore</c> says what is sent again and what is
/// missing (1: somebody has to do something; 2: Postgres or RabbitMQ can't be reached), with <c>json</c> for programs, with <c>missing</c>
/// also which of the ids on standard input are nowhere; <c>after-restore send</c> sends what nobody else would;
/// <c>reset-second-factor EMAIL</c> is for an operator who has lost all of them, with nobody left to remove them.
/// </summary>
internal static class HostCommands
{
    /// <summary>Whether the words were one of them, which is done then.</summary>
    public static async Task<bool> RunCommand(this WebApplicationBuilder builder, string[] words)
    {
        // Settings may stand behind them.
        switch (words.TakeWhile(word => !word.StartsWith("--", StringComparison.Ordinal)).ToArray())
        {
            case ["health"]:
                await builder.AskForHealth();
                return true;
            case ["migrate"]:
                Environment.ExitCode = await Try(() => Migrate(builder));
                return true;
            case ["rotate-keys"]:
                Environment.ExitCode = await Try(() => RotateKeys(builder));
                return true;
            case ["after-restore", "send"]:
                Environment.ExitCode = await Try(() => Send(builder.Configuration));
                return true;
            case ["after-restore", .. var rest]:
                Environment.ExitCode = await Try(() => Look(builder.Configuration, rest));
                return true;
            case ["reset-second-factor", var email]:
                Environment.ExitCode = await Try(() => ResetSecondFactor(builder, email));
                return true;
            default:
                return false;
        }
    }

    private static async Task<int> Migrate(WebApplicationBuilder builder)
    {
        builder.Services.AddLedger(builder.Configuration);
        // Built and not run: nothing of a host begins.
        await using var app = builder.Build();
        await app.Services.BringSchemaUpToDate();
        Console.WriteLine("The schema is up to date.");
        return 0;
    }

    private static async Task<int> RotateKeys(WebApplicationBuilder builder)
    {
        builder.Services.AddLedger(builder.Configuration);
        builder.Services.AddKeyRing(builder.Configuration);
        builder.Services.AddSingleton<KeyRotation>();
        await using var app = builder.Build();
        // As at the start of a host: without a certificate there would be nothing to change.
        app.Services.GetRequiredService<IStartupValidator>().Validate();
        if (await app.Services.GetRequiredService<SecretsCheck>().Problem(CancellationToken.None) is { } problem)
            throw new InvalidOperationException(problem);

        var unreadable = await app.Services.GetRequiredService<KeyRotation>().Run(Console.Out, CancellationToken.None);
        Console.WriteLine(unreadable == 0
            ? "The keys are rotated. Once all hosts have been restarted without Secrets:PreviousCertificatePath, "
                + "the old certificate can go."
            : "Some values can't be read with any certificate that this host has. They stayed as they were: enter them anew.");
        return unreadable == 0 ? 0 : 1;
    }

    private static async Task<int> ResetSecondFactor(WebApplicationBuilder builder, string email)
    {
        builder.Services.AddLedger(builder.Configuration);
        await using var app = builder.Build();
        var (exitCode, sentence) = await SecondFactorReset.Run(app.Services.GetRequiredService<NpgsqlDataSource>(), email);
        Console.WriteLine(sentence);
        return exitCode;
    }

    private static async Task<int> Send(IConfiguration configuration)
    {
        var sent = await RestoreCheck.Send(configuration, CancellationToken.None);
        Console.WriteLine(RestoreWords.OfSent(sent));
        return sent is null ? 1 : 0;
    }

    private static async Task<int> Look(IConfiguration configuration, string[] words)
    {
        var asked = words.Contains("missing", StringComparer.Ordinal) ? RestoreCheck.Ids(Console.In) : [];
        var report = await RestoreCheck.Look(configuration, asked, CancellationToken.None);
        Console.WriteLine(words.Contains("json", StringComparer.Ordinal)
            ? RestoreCheck.Json(report) : string.Join('\n', RestoreWords.Of(report, TimeProvider.System.GetUtcNow())));
        return report.NeedsSomebody ? 1 : 0;
    }

    private static async Task<int> Try(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (Exception refused) when (refused is InvalidOperationException or OptionsValidationException)
        {
            await Console.Error.WriteLineAsync(refused.Message);
            return 1;
        }
        catch (Exception away) when (away is BrokerUnreachableException or NpgsqlException)
        {
            await Console.Error.WriteLineAsync(
                $"{(away is NpgsqlException ? "Postgres" : "RabbitMQ")} can't be looked at: {away.Message} Start it, and look again.");
            return 2;
        }
    }
}
