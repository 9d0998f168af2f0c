using System.Globalization;
using Router.Chaos;
using Xunit.Runner.InProc.SystemConsole;

// tests/chaos.sh says: run SEED SECONDS, or run SEED short. Everybody else is a test runner.
if (args is not ["run", var seed, var seconds])
    return await ConsoleRunner.Run(args);

var isShort = seconds == "short";
var run = new ChaosRun(int.Parse(seed, CultureInfo.InvariantCulture), isShort ? 90 : int.Parse(seconds, CultureInfo.InvariantCulture),
    isShort, Console.WriteLine);
var report = await run.Execute();
Console.WriteLine(report.Text);
return report.Problems.Count == 0 ? 0 : 1;
