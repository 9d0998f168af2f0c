using k8s.Models;

namespace Router.DeployTests;

/// <summary>Of the Prometheus Operator's types what our manifests use, by their published definitions.</summary>
internal static class MonitoringResources
{
    internal sealed class PodMonitor : OperatorResources.Resource<PodMonitorSpec>;

    internal sealed class PrometheusRule : OperatorResources.Resource<PrometheusRuleSpec>;

    internal sealed class PodMonitorSpec
    {
        public string JobLabel { get; set; } = "";

        public V1LabelSelector Selector { get; set; } = new();

        public List<PodMetricsEndpoint> PodMetricsEndpoints { get; set; } = [];
    }

    internal sealed class PodMetricsEndpoint
    {
        public string Port { get; set; } = "";

        public string? Path { get; set; }

        public string Interval { get; set; } = "";
    }

    internal sealed class PrometheusRuleSpec
    {
        public List<RuleGroup> Groups { get; set; } = [];
    }

    internal sealed class RuleGroup
    {
        public string Name { get; set; } = "";

        public List<AlertingRule> Rules { get; set; } = [];
    }

    internal sealed class AlertingRule
    {
        public string Alert { get; set; } = "";

        public string Expr { get; set; } = "";

        public string? For { get; set; }

        public Dictionary<string, string> Labels { get; set; } = [];

        public Dictionary<string, string> Annotations { get; set; } = [];
    }
}
