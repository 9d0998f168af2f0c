using System.CommandLine;
using System.CommandLine.Invocation;
using Router.Cli.Management;

namespace Router.Cli;

/// <summary>Runs a command, and says how it ended.</summary>
internal static class Ending
{
    private static readonly InvocationConfiguration Configuration = new()
    {
        EnableDefaultExceptionHandler = false,
        // After Ctrl+C: for a listener to answer what it has in hand.
        ProcessTerminationTimeout = TimeSpan.FromSeconds(5),
    };

    public static async Task<int> Of(ParseResult parsed)
    {
        var isWrong = parsed.Action is ParseErrorAction;
        // What is wrong is lost in a page of help, which is for whoever says nothing at all.
        if (parsed.Action is ParseErrorAction wrongLine && parsed.Tokens.Count > 0)
            wrongLine.ShowHelp = false;
        try
        {
            var code = await parsed.InvokeAsync(Configuration);
            return isWrong ? ExitCode.Usage : code;
        }
        catch (UsageException wrong)
        {
            return Say(wrong.Message, ExitCode.Usage);
        }
        catch (RefusedException refused)
        {
            return Say(refused.Message, refused.IsAboutAccess ? ExitCode.NotAllowed : ExitCode.Failed);
        }
        catch (UnreachableException away)
        {
            return Say(away.Message, ExitCode.Unreachable);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (IOException unwritable)
        {
            // Such as a pipe whose reader has seen enough.
            return Say(unwritable.Message, ExitCode.Failed);
        }
    }

    private static int Say(string sentence, int code)
    {
        Console.Error.WriteLine($"router: {Showing.Plain.Line(sentence)}");
        return code;
    }
}
