using k8s.Models;
using Router.Testing;

namespace Router.DeployTests;

/// <summary>The manifests of deploy/kubernetes, rendered: they are what Kubernetes knows, and their parts fit together.</summary>
public sealed class KubernetesTests
{
    public static TheoryData<string> Overlays => ["operators", "external"];

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Hosts_MayDoNothingThatTheyNeedNot(string overlay)
    {
        var hosts = (await Manifests.Render(overlay)).Hosts;
        Assert.Equal(["lead-router-api", "lead-router-worker"], hosts.Select(host => host.Metadata.Name).Order(StringComparer.Ordinal));
        // A worker ends its requests in flight, 70 s at most.
        Assert.True(hosts.Single(host => host.Metadata.Name == "lead-router-worker").Spec.Template.Spec.TerminationGracePeriodSeconds > 70);
        // An upgrade is without a stop: one more before one less.
        Assert.All(hosts, host => Assert.Equal(
            ("1", "0"), (host.Spec.Strategy.RollingUpdate.MaxSurge.Value, host.Spec.Strategy.RollingUpdate.MaxUnavailable.Value)));
        foreach (var pod in hosts.Select(host => host.Spec.Template.Spec))
        {
            var container = Assert.Single(pod.Containers);
            Assert.False(pod.AutomountServiceAccountToken);
            Assert.True(pod.SecurityContext.RunAsNonRoot);
            Assert.Equal((1654L, 1654L), (pod.SecurityContext.RunAsUser, pod.SecurityContext.FsGroup));
            Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
            Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
            Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
            Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            Assert.True(container.Resources.Requests.ContainsKey("cpu") && container.Resources.Requests.ContainsKey("memory"));
            Assert.True(container.Resources.Limits.ContainsKey("memory"));
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Probes_AskForWhatThereIs(string overlay)
    {
        foreach (var container in (await Manifests.Render(overlay)).Hosts.Select(host => host.Spec.Template.Spec.Containers[0]))
        {
            var port = Assert.Single(container.Ports, port => port.ContainerPort == 8080);
            Assert.Equal(
                ["/health/live", "/health/live", "/health/ready"],
                new[] { container.StartupProbe, container.LivenessProbe, container.ReadinessProbe }.Select(probe => probe.HttpGet.Path));
            Assert.All(
                [container.StartupProbe, container.LivenessProbe, container.ReadinessProbe],
                probe => Assert.Equal(port.Name, probe.HttpGet.Port.Value));
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Selectors_AndTargets_MeetTheHosts(string overlay)
    {
        var manifests = await Manifests.Render(overlay);
        bool Selects(IDictionary<string, string> labels, V1Deployment host) => labels.All(label =>
            host.Spec.Template.Metadata.Labels.TryGetValue(label.Key, out var value) && value == label.Value);
        foreach (var host in manifests.Hosts)
        {
            Assert.True(Selects(host.Spec.Selector.MatchLabels, host));
            Assert.Single(manifests.All<V1PodDisruptionBudget>(), budget => Selects(budget.Spec.Selector.MatchLabels, host));
            Assert.True(host.Spec.Replicas is null, "the autoscaler says how many there are");
            var scaled = manifests.All<V2HorizontalPodAutoscaler>().Select(one => one.Spec.ScaleTargetRef.Name)
                .Concat(manifests.All<OperatorResources.ScaledObject>().Select(one => one.Spec.ScaleTargetRef.Name));
            Assert.Single(scaled, host.Metadata.Name);
            Assert.Contains(manifests.All<V1NetworkPolicy>(), policy => policy.Spec.Egress is null
                && policy.Spec.PolicyTypes.Contains("Egress") && Selects(policy.Spec.PodSelector.MatchLabels, host));
        }

        var service = Assert.Single(manifests.All<V1Service>());
        Assert.Equal("lead-router-api", Assert.Single(manifests.Hosts, host => Selects(service.Spec.Selector, host)).Metadata.Name);
        Assert.Equal("http", Assert.Single(service.Spec.Ports).TargetPort.Value);
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Hosts_FindTheirSettings(string overlay)
    {
        var manifests = await Manifests.Render(overlay);
        var settings = Assert.Single(manifests.All<V1ConfigMap>());
        var known = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/configuration.md"));
        foreach (var setting in settings.Data.Keys)
            Assert.Contains($"`{setting.Replace("__", ":", StringComparison.Ordinal)}`", known, StringComparison.Ordinal);
        foreach (var pod in manifests.Hosts.Select(host => host.Spec.Template.Spec))
        {
            Assert.Equal(settings.Metadata.Name, Assert.Single(pod.Containers[0].EnvFrom).ConfigMapRef.Name);
            var mount = Assert.Single(pod.Containers[0].VolumeMounts);
            Assert.Equal(settings.Data["Settings__Directory"], mount.MountPath);
            Assert.Equal(settings.Data["Secrets__CertificatePath"], $"{mount.MountPath}/router.pem");
            var files = Assert.Single(pod.Volumes, volume => volume.Name == mount.Name).Projected.Sources
                .SelectMany(source => source.Secret.Items ?? []).Select(item => item.Path).ToList();
            Assert.Contains("Database__ConnectionString", files);
            Assert.Contains("RabbitMq__Uri", files);
            Assert.Contains("router.pem", files);
            // Whatever else is a secret of somebody's, all of its keys.
            var more = Assert.Single(
                pod.Volumes.Single(volume => volume.Name == mount.Name).Projected.Sources, source => source.Secret.Items is null);
            Assert.Equal(("lead-router-more", true), (more.Secret.Name, more.Secret.Optional));
        }
    }

    /// <summary>Who owns the tables is for what brings them up to date, and not for what runs afterwards.</summary>
    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task OwnersPassword_IsForTheSchemaOnly(string overlay)
    {
        var pods = (await Manifests.Render(overlay)).Hosts.Select(host => host.Spec.Template.Spec).ToList();
        var pod = Assert.Single(pods, pod => pod.InitContainers is { Count: > 0 });
        var schema = Assert.Single(pod.InitContainers);
        Assert.Equal(["migrate"], schema.Args);
        Assert.Equal(pod.Containers[0].Image, schema.Image);
        Assert.True(schema.SecurityContext.ReadOnlyRootFilesystem);
        var mount = Assert.Single(schema.VolumeMounts);
        Assert.Equal(mount.MountPath, Assert.Single(schema.Env).Value);
        var files = Assert.Single(pod.Volumes, volume => volume.Name == mount.Name).Projected.Sources
            .SelectMany(source => source.Secret.Items).Select(item => item.Path).ToList();
        Assert.Equal(["Database__ConnectionString", "Database__OwnerConnectionString"], files.Order(StringComparer.Ordinal));
        var others = pods.SelectMany(one => one.Volumes).Where(volume => volume.Name != mount.Name)
            .SelectMany(volume => volume.Projected.Sources).SelectMany(source => source.Secret.Items ?? []).Select(item => item.Path);
        Assert.DoesNotContain("Database__OwnerConnectionString", others);
        Assert.DoesNotContain(mount.Name,
            pods.SelectMany(one => one.Containers).SelectMany(one => one.VolumeMounts).Select(one => one.Name));
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Metrics_AreForPrometheusOnly(string overlay)
    {
        var manifests = await Manifests.Render(overlay);
        foreach (var host in manifests.Hosts)
        {
            var template = host.Spec.Template;
            var port = Assert.Single(template.Spec.Containers[0].Ports, port => port.Name == "metrics");
            Assert.Equal($"{port.ContainerPort}", template.Metadata.Annotations["prometheus.io/port"]);
            Assert.Equal($"{port.ContainerPort}", manifests.All<V1ConfigMap>().Single().Data["Telemetry__PrometheusPort"]);
        }

        var reaching = manifests.All<V1NetworkPolicy>().SelectMany(policy => policy.Spec.Ingress ?? [])
            .Where(rule => rule.Ports.Any(port => port.Port.Value is "metrics"));
        Assert.Single(Assert.Single(reaching).FromProperty);
    }

    /// <summary>The operators make secrets and labels of the names of what they are asked for.</summary>
    [Fact]
    public async Task Operators_MakeTheSecretsAndPodsThatTheHostsLookFor()
    {
        var manifests = await Manifests.Render("operators");
        var postgres = Assert.Single(manifests.All<OperatorResources.PostgresCluster>());
        var rabbitmq = Assert.Single(manifests.All<OperatorResources.RabbitmqCluster>());
        // A failover loses nothing that counted, and there is one: with the primary gone, all others and those that a commit waits for are
        // more than there are.
        var synchronous = postgres.Spec.Postgresql.Synchronous;
        Assert.Equal(OperatorResources.SynchronousReplication.Durabilities.Required, synchronous.DataDurability);
        Assert.True(synchronous.FailoverQuorum);
        Assert.InRange(synchronous.Number, 1, postgres.Spec.Instances - 2);
        var role = Assert.Single(postgres.Spec.Managed.Roles);
        Assert.Equal(("router_hosts", true), (role.Name, role.Login));
        string[] made = [$"{role.PasswordSecret.Name}/uri", $"{rabbitmq.Metadata.Name}-default-user/connection_string"];
        foreach (var host in manifests.Hosts)
        {
            Assert.Equal(made, host.Spec.Template.Spec.Volumes[0].Projected.Sources.Skip(2)
                .Select(source => $"{source.Secret.Name}/{Assert.Single(source.Secret.Items).Key}"));
        }

        var owner = manifests.Hosts.Single(host => host.Metadata.Name == "lead-router-worker").Spec.Template.Spec.Volumes[1];
        Assert.Equal([made[0], $"{postgres.Metadata.Name}-app/uri"], owner.Projected.Sources
            .Select(source => $"{source.Secret.Name}/{Assert.Single(source.Secret.Items).Key}"));
        // No administrator of RabbitMQ, nor of anything but its own queues.
        Assert.DoesNotContain("administrator", rabbitmq.Spec.Rabbitmq.AdditionalConfig, StringComparison.Ordinal);
        Assert.All(["configure", "write", "read"], right => Assert.Contains(
            $"default_permissions.{right} = ^(lead-", rabbitmq.Spec.Rabbitmq.AdditionalConfig, StringComparison.Ordinal));

        var login = Assert.Single(Assert.Single(manifests.All<OperatorResources.TriggerAuthentication>()).Spec.SecretTargetRef);
        Assert.Equal(made[1], $"{login.Name}/{login.Key}");
        var scaled = Assert.Single(manifests.All<OperatorResources.ScaledObject>()).Spec;
        Assert.Equal(
            ["lead-events", "lead-events-fresh", "lead-events-large"], scaled.Triggers.Select(trigger => trigger.Metadata["queueName"]));
        Assert.All(scaled.Triggers, trigger =>
            Assert.Equal(manifests.Names<OperatorResources.TriggerAuthentication>().Single(), trigger.AuthenticationRef.Name));
        // One that tests run with: SECURITY.md, Supported versions.
        Assert.EndsWith(":17", postgres.Spec.ImageName, StringComparison.Ordinal);
        var node = Assert.Single(
            manifests.All<V1PodDisruptionBudget>(), budget => budget.Metadata.Name == rabbitmq.Metadata.Name).Spec.Selector.MatchLabels;
        var apart = Assert.Single(rabbitmq.Spec.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution).PodAffinityTerm;
        Assert.Equal(node, apart.LabelSelector.MatchLabels);
        Assert.Equal("512", postgres.Spec.Postgresql.Parameters["max_locks_per_transaction"]);
        Assert.Equal("router", postgres.Spec.Bootstrap.Initdb.Database);
        Assert.Equal(1, rabbitmq.Spec.Replicas % 2);

        var reached = manifests.All<V1NetworkPolicy>().SelectMany(policy => policy.Spec.Egress ?? []).SelectMany(rule => rule.To)
            .Where(peer => peer.PodSelector is not null).Select(peer => Assert.Single(peer.PodSelector.MatchLabels));
        Assert.Equal(
            [new("cnpg.io/cluster", postgres.Metadata.Name), new("app.kubernetes.io/name", rabbitmq.Metadata.Name)], reached);
    }
}
