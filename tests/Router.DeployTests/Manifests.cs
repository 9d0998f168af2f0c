using k8s;
using k8s.Models;
using Router.Testing;

namespace Router.DeployTests;

/// <summary>What `kubectl apply -k deploy/kubernetes/…` would send, read into Kubernetes' types: an unknown field is an error.</summary>
internal sealed class Manifests
{
    private static readonly Dictionary<string, Type> OperatorsTypes = new(StringComparer.Ordinal)
    {
        ["postgresql.cnpg.io/v1/Cluster"] = typeof(OperatorResources.PostgresCluster),
        ["rabbitmq.com/v1beta1/RabbitmqCluster"] = typeof(OperatorResources.RabbitmqCluster),
        ["keda.sh/v1alpha1/ScaledObject"] = typeof(OperatorResources.ScaledObject),
        ["keda.sh/v1alpha1/TriggerAuthentication"] = typeof(OperatorResources.TriggerAuthentication),
        ["monitoring.coreos.com/v1/PodMonitor"] = typeof(MonitoringResources.PodMonitor),
        ["monitoring.coreos.com/v1/PrometheusRule"] = typeof(MonitoringResources.PrometheusRule),
    };

    private readonly List<object> _all;

    private Manifests(List<object> all) => _all = all;

    public IReadOnlyList<V1Deployment> Hosts => [.. All<V1Deployment>()];

    public static async Task<Manifests> Render(string overlay)
    {
        Assert.SkipUnless(
            await Shell.Run("sh", "-c", "command -v kubectl") is (0, _), "kubectl, which renders the manifests, isn't there.");
        var (exitCode, output) = await Shell.Run("kubectl", "kustomize", Path.Combine(Repository.Root, "deploy/kubernetes", overlay));
        Assert.True(exitCode == 0, output);
        return Read(output);
    }

    public static Manifests Read(string yaml) => new(KubernetesYaml.LoadAllFromString(yaml, OperatorsTypes, strict: true));

    public IEnumerable<T> All<T>() => _all.OfType<T>();

    public IEnumerable<string> Names<T>() where T : IMetadata<V1ObjectMeta> => All<T>().Select(one => one.Metadata.Name);
}
