using System.CommandLine;
using System.Text.Json.Nodes;
using Router.Cli.Management;
using Router.Cli.Showing;

namespace Router.Cli.Commands;

/// <summary><c>router person</c>: what is kept of a person, for somebody who asks for it.</summary>
internal static class PersonCommand
{
    public static Command Make() => new("person", "What is kept of a person: to show it, to hand it over, to erase it.")
    {
        Find(), Export(), Erase(),
    };

    private static Command Find()
    {
        var asked = new Asked();
        var command = asked.Of("find", "Says where something of a person is, and who was sent it; nothing of its contents.");
        Invocation.Set(command, async run =>
        {
            var found = (await asked.Send(run, "search"))!.AsObject();
            run.Output.Json(found);
            Write(run.Output, found);
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Export()
    {
        var asked = new Asked();
        var command = asked.Of("export", "Writes all that is kept of a person to standard output, as JSON.");
        Invocation.Set(command, async run =>
        {
            // The file itself, for people and programs alike.
            Console.Out.WriteLine((await asked.Send(run, "export"))!.ToJsonString(Output.Compact));
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Erase()
    {
        var asked = new Asked();
        var yes = new Option<bool>("--yes") { Description = "Do it. Without this it only says what would be erased." };
        var command = asked.Of("erase", "Erases a person, and says what was erased and what can't be.");
        command.Add(yes);
        Invocation.Set(command, async run =>
        {
            if (!run.Get(yes))
            {
                var found = (await asked.Send(run, "search"))!.AsObject();
                run.Output.Json(found);
                Write(run.Output, found);
                Output.Note("Nothing was erased. To erase it, add --yes.");
                return ExitCode.Fine;
            }

            var erased = (await asked.Send(run, "erasure"))!.AsObject();
            run.Output.Json(erased);
            run.Output.Fields(
                ("leads erased", $"{erased["leads"]}"), ("messages", $"{erased["events"]}"),
                ("deliveries canceled", $"{erased["canceled"]}"), ("other rows", $"{erased["elsewhere"]}"),
                ("dead letters", $"{erased["dead_letters"]}"));
            run.Output.Line();
            run.Output.Line("Not erased:");
            foreach (var sentence in erased["remains"]!.AsArray())
                run.Output.Line($"- {sentence}");
            return ExitCode.Fine;
        });
        return command;
    }

    private static void Write(Output output, JsonObject found)
    {
        output.Table(["LEAD", "SITE", "CAME", "MESSAGES", "WAITING"], found["leads"]!.AsArray().Select(lead => new[]
        {
            $"{lead!["lead_id"]}", $"{lead["site"]}", Plain.Time(lead["first_at"]), $"{lead["events"]}", $"{lead["waiting"]}",
        }));
        output.Table(["SENT TO", "SITE", "SERVER", "MESSAGES", "LAST"], found["sent_to"]!.AsArray().Select(receiver => new[]
        {
            $"{receiver!["destination"]}", $"{receiver["site"]}", $"{receiver["host"]}", $"{receiver["messages"]}",
            Plain.Time(receiver["last_at"]),
        }));
        output.Fields(
            ("users of sites", $"{found["users"]}"), ("refused", $"{found["refused"]}"), ("set aside", $"{found["set_aside"]}"),
            ("waiting for RabbitMQ", $"{found["outbox"]}"), ("named elsewhere", $"{found["named"]!.AsArray().Count}"),
            ("account", Plain.Value(found["has_account"])));
    }

    /// <summary>Whom, where and why.</summary>
    private sealed class Asked
    {
        private readonly Option<string?> _email = new("--email") { Description = "The person's e-mail address.", HelpName = "ADDRESS" };
        private readonly Option<string?> _phone = new("--phone") { Description = "The person's phone number.", HelpName = "NUMBER" };
        private readonly Option<string?> _site = new("--site", "-s")
        {
            Description = "Only this site: its id, name or domain. Default: all sites, for operators.", HelpName = "SITE",
        };

        private readonly Option<string?> _reason = new("--reason")
        {
            Description = "Why; needed for sites that aren't yours. It goes into their lists of changes.", HelpName = "TEXT",
        };

        public Command Of(string name, string description) => new(name, description) { _email, _phone, _site, _reason };

        public async Task<JsonNode?> Send(Invocation run, string what)
        {
            if (run.Get(_email) is null && run.Get(_phone) is null)
                throw new UsageException("Say who it is: --email, --phone, or both.");

            var place = run.Get(_site) is { } named ? $"sites/{Things.Id(await run.Site(named))}/" : "";
            return await run.Api.Send(HttpMethod.Post, $"{place}person/{what}", new JsonObject
            {
                ["email"] = run.Get(_email), ["phone"] = run.Get(_phone), ["reason"] = run.Get(_reason),
            }, run.Cancellation);
        }
    }
}
