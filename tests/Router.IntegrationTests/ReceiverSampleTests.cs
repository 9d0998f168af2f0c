using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The samples of docs/receivers.md, as they stand there, against a delivery as it arrived.</summary>
public sealed class ReceiverSampleTests(SharedRouter shared) : IClassFixture<SharedRouter>
{
    private readonly RouterFixture _router = shared.Router;

    // What a reader would write around the sample: the body on standard input, secret and signature as arguments.
    [Theory]
    [InlineData("python", "python3", "sample.py",
        "\nimport sys\nsys.exit(0 if verify(sys.argv[1], sys.stdin.buffer.read(), sys.argv[2]) else 1)\n")]
    [InlineData("js", "node", "sample.js",
        "\nprocess.exit(verify(process.argv[2], require('fs').readFileSync(0), process.argv[3]) ? 0 : 1);\n")]
    [InlineData("ruby", "ruby", "sample.rb", "\n$stdin.binmode\nexit(verify(ARGV[0], $stdin.read, ARGV[1]) ? 0 : 1)\n")]
    [InlineData("php", "php", "sample.php", "\nexit(verify($argv[1], file_get_contents('php://stdin'), $argv[2]) ? 0 : 1);\n")]
    [InlineData("go", "go run", "sample.go",
        "\nfunc main() {\n\tbody, _ := io.ReadAll(os.Stdin)\n\tif !verify(os.Args[1], body, os.Args[2]) {\n\t\tos.Exit(1)\n\t}\n}\n")]
    [InlineData("java", "java", "Sample.java",
        "\nclass Sample { public static void main(String[] args) throws Exception { "
        + "System.exit(LeadRouter.verify(args[0], System.in.readAllBytes(), args[1]) ? 0 : 1); } }\n")]
    [InlineData("csharp", "dotnet run", "sample.cs",
        "var body = new MemoryStream();\nConsole.OpenStandardInput().CopyTo(body);\n"
        + "return LeadRouter.Verify(args[0], body.ToArray(), args[1]) ? 0 : 1;\n")]
    public async Task Sample_OfALanguage_VerifiesADeliveryAndNothingElse(string language, string run, string file, string around)
    {
        var command = run.Split(' ');
        if (Environment.GetEnvironmentVariable("CI") is null or "")
            Assert.SkipUnless((await Shell.Run("bash", "-c", $"command -v {command[0]}")).ExitCode == 0,
                $"{command[0]} is not installed; tests/run.sh installs it.");

        var directory = Directory.CreateTempSubdirectory("lead-router-sample-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(directory, file), Whole(language, Sample(language), around));
            var site = await _router.CreateSite();
            var destination = await site.AddDestination("sample", secret: "clé secrète ☂");
            await site.Post("""{"source":"s","email":"a@b.c","name":"Zażółć gęślą jaźń","price":2.50}""");
            var received = Assert.Single(await _router.Receiver.Wait(destination.Path, 1));
            var signature = received.Headers["X-Lead-Router-Signature"];

            var (exitCode, output) = await Run(destination.Secret, received.Body, signature);
            Assert.True(exitCode == 0, output);
            Assert.Equal(1, (await Run(destination.Secret, [.. received.Body, (byte)' '], signature)).ExitCode);
            Assert.Equal(1, (await Run("another secret", received.Body, signature)).ExitCode);
            // Whatever stands in the header: a no, not a crash with its trace.
            foreach (var forged in (string[])["", "é" + signature[1..], signature.ToUpperInvariant() + "0"])
            {
                var (refused, said) = await Run(destination.Secret, received.Body, forged);
                Assert.Equal((1, ""), (refused, said.Replace("exit status 1\n", "", StringComparison.Ordinal)));
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        Task<(int ExitCode, string Output)> Run(string secret, byte[] body, string signature)
        {
            string[] arguments = [.. command[1..], .. language == "csharp" ? ["--file", file, "--"] : (string[])[file], secret, signature];
            return Shell.Run(command[0], arguments, directory, body);
        }
    }

    private static string Sample(string language)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs/receivers.md"));
        var start = text.IndexOf($"```{language}\n", StringComparison.Ordinal) + language.Length + 4;
        return text[start..text.IndexOf("```", start, StringComparison.Ordinal)];
    }

    private static string Whole(string language, string sample, string around) => language switch
    {
        "php" => $"<?php\n{sample}{around}",
        "go" => sample.Replace("import (\n", "import (\n\t\"io\"\n\t\"os\"\n", StringComparison.Ordinal) + around,
        // A single source file is run by its first class; statements come before types.
        "java" => sample.Replace("class LeadRouter", $"{around.Trim()}\n\nclass LeadRouter", StringComparison.Ordinal),
        // Without ahead-of-time compilation, which would want a package from the network.
        "csharp" => "#:property PublishAot=false\n"
            + sample.Replace("static class LeadRouter", $"{around}\nstatic class LeadRouter", StringComparison.Ordinal),
        _ => sample + around,
    };
}
