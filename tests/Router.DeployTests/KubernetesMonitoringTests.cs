using Router.Testing;

namespace Router.DeployTests;

/// <summary>What deploy/kubernetes has for a Prometheus that the Prometheus Operator keeps.</summary>
public sealed class KubernetesMonitoringTests
{
    /// <summary>The alerts and the dashboard know the jobs by their names.</summary>
    [Fact]
    public async Task PodMonitors_GiveTheJobsTheirNames()
    {
        var manifests = await Manifests.Render("operators");
        var monitors = (await Manifests.Render("monitoring")).All<MonitoringResources.PodMonitor>().ToList();
        var hosts = Assert.Single(monitors, monitor => monitor.Metadata.Name == "lead-router").Spec;
        var names = Assert.Single(hosts.Selector.MatchExpressions);
        Assert.Equal(hosts.JobLabel, names.Key);
        Assert.Equal(
            manifests.Hosts.Select(host => host.Spec.Template.Metadata.Labels[names.Key]).Order(StringComparer.Ordinal),
            names.Values.Order(StringComparer.Ordinal));
        Assert.All(manifests.Hosts, host => Assert.Contains(
            host.Spec.Template.Spec.Containers[0].Ports, port => port.Name == Assert.Single(hosts.PodMetricsEndpoints).Port));

        var rabbitmq = Assert.Single(monitors, monitor => monitor.Metadata.Name != "lead-router").Spec;
        Assert.Equal("rabbitmq", rabbitmq.Selector.MatchLabels[rabbitmq.JobLabel]);
        Assert.Contains(manifests.All<OperatorResources.RabbitmqCluster>().Single().Metadata.Name, rabbitmq.Selector.MatchLabels.Values);
        var jobs = await File.ReadAllTextAsync(
            Path.Combine(Repository.Root, "deploy/prometheus/prometheus.yml"), TestContext.Current.CancellationToken);
        Assert.All([.. names.Values, "rabbitmq"], job => Assert.Contains($"job_name: {job}\n", jobs, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rules_ForTheOperator_AreTheAlerts()
    {
        var (exitCode, output) = await Shell.Run(
            "env", "LABELS={release: ours}", Path.Combine(Repository.Root, "deploy/kubernetes/rules.sh"));
        Assert.True(exitCode == 0, output);
        var rule = Assert.Single(Manifests.Read(output).All<MonitoringResources.PrometheusRule>());
        Assert.Equal("ours", rule.Metadata.Labels["release"]);
        var alerts = await File.ReadAllLinesAsync(
            Path.Combine(Repository.Root, "deploy/prometheus/alerts.yml"), TestContext.Current.CancellationToken);
        Assert.Equal(
            alerts.Where(line => line.Contains("- alert: ", StringComparison.Ordinal)).Select(line => line.Split(' ')[^1]),
            rule.Spec.Groups.SelectMany(group => group.Rules).Select(one => one.Alert));
        Assert.DoesNotContain(rule.Spec.Groups.SelectMany(group => group.Rules), one => one.Expr.Length == 0 || one.Labels.Count == 0);
    }
}
