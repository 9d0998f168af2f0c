using System.Globalization;
using Router.Chaos;
using Xunit.Runner.InProc.SystemConsole;

// tests/chaos.sh says: run SEED SECONDS, run SEED short, run SEED cluster, or run SEED failover. Everybody else is a test runner.
if (args is not ["run", var seed, var seconds])
    return await ConsoleRunner.Run(args);

var number = int.Parse(seed, CultureInfo.InvariantCulture);
var report = seconds switch
{
    "cluster" => await new ClusterRun(number, Console.WriteLine).Execute(),
    "failover" => await new FailoverRun(number, Console.WriteLine).Execute(),
    "short" => await new ChaosRun(number, 90, isShort: true, Console.WriteLine).Execute(),
    _ => await new ChaosRun(number, int.Parse(seconds, CultureInfo.InvariantCulture), isShort: false, Console.WriteLine).Execute(),
};
Console.WriteLine(report.Text);
return report.Problems.Count == 0 ? 0 : 1;
