using k8s;
using k8s.Models;

namespace Router.DeployTests;

/// <summary>Of the operators' own types what our manifests use, by their published definitions.</summary>
internal static class OperatorResources
{
    internal sealed class PostgresCluster : Resource<PostgresSpec>;

    internal sealed class RabbitmqCluster : Resource<RabbitmqSpec>;

    internal sealed class ScaledObject : Resource<ScaledObjectSpec>;

    internal sealed class TriggerAuthentication : Resource<TriggerAuthenticationSpec>;

    internal abstract class Resource<T> : IKubernetesObject<V1ObjectMeta>
    {
        public string ApiVersion { get; set; } = "";

        public string Kind { get; set; } = "";

        public V1ObjectMeta Metadata { get; set; } = new();

        public T Spec { get; set; } = default!;
    }

    internal sealed class PostgresSpec
    {
        public int Instances { get; set; }

        public string ImageName { get; set; } = "";

        public PostgresBootstrap Bootstrap { get; set; } = new();

        public ManagedConfiguration Managed { get; set; } = new();

        public PostgresConfiguration Postgresql { get; set; } = new();

        public StorageConfiguration Storage { get; set; } = new();

        public V1ResourceRequirements Resources { get; set; } = new();
    }

    internal sealed class PostgresBootstrap
    {
        public InitialDatabase Initdb { get; set; } = new();
    }

    internal sealed class InitialDatabase
    {
        public string Database { get; set; } = "";

        public string Owner { get; set; } = "";
    }

    internal sealed class ManagedConfiguration
    {
        public List<ManagedRole> Roles { get; set; } = [];
    }

    internal sealed class ManagedRole
    {
        public string Name { get; set; } = "";

        public string Ensure { get; set; } = "";

        public bool Login { get; set; }

        public ScaleTarget PasswordSecret { get; set; } = new();
    }

    internal sealed class PostgresConfiguration
    {
        public SynchronousReplication Synchronous { get; set; } = new();

        public Dictionary<string, string> Parameters { get; set; } = [];
    }

    internal sealed class SynchronousReplication
    {
        /// <summary>The definition's enumeration.</summary>
        public enum Ways
        {
            Any,
            First,
        }

        /// <summary>Likewise.</summary>
        public enum Durabilities
        {
            Required,
            Preferred,
        }

        public Ways Method { get; set; }

        public int Number { get; set; }

        public int? MaxStandbyNamesFromCluster { get; set; }

        public List<string> StandbyNamesPre { get; set; } = [];

        public List<string> StandbyNamesPost { get; set; } = [];

        public Durabilities DataDurability { get; set; }

        public bool FailoverQuorum { get; set; }
    }

    internal sealed class StorageConfiguration
    {
        public ResourceQuantity Size { get; set; } = null!;
    }

    internal sealed class RabbitmqSpec
    {
        public int Replicas { get; set; }

        public RabbitmqPersistence Persistence { get; set; } = new();

        public RabbitmqConfiguration Rabbitmq { get; set; } = new();

        public V1Affinity Affinity { get; set; } = new();

        public V1ResourceRequirements Resources { get; set; } = new();
    }

    internal sealed class RabbitmqPersistence
    {
        public ResourceQuantity Storage { get; set; } = null!;
    }

    internal sealed class RabbitmqConfiguration
    {
        public List<string> AdditionalPlugins { get; set; } = [];

        public string AdditionalConfig { get; set; } = "";
    }

    internal sealed class ScaledObjectSpec
    {
        public ScaleTarget ScaleTargetRef { get; set; } = new();

        public int MinReplicaCount { get; set; }

        public int MaxReplicaCount { get; set; }

        public int CooldownPeriod { get; set; }

        public List<ScaleTrigger> Triggers { get; set; } = [];
    }

    internal sealed class ScaleTarget
    {
        public string Name { get; set; } = "";
    }

    internal sealed class ScaleTrigger
    {
        public string Type { get; set; } = "";

        public Dictionary<string, string> Metadata { get; set; } = [];

        public ScaleTarget AuthenticationRef { get; set; } = new();
    }

    internal sealed class TriggerAuthenticationSpec
    {
        public List<SecretTarget> SecretTargetRef { get; set; } = [];
    }

    internal sealed class SecretTarget
    {
        public string Parameter { get; set; } = "";

        public string Name { get; set; } = "";

        public string Key { get; set; } = "";
    }
}
