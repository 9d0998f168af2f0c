using Router.Testing;

namespace Router.DeployTests;

/// <summary>deploy/install.sh on a Debian server: a container with systemd, this machine's programs, and nothing set up.</summary>
public sealed class InstallTests(Images images) : IAsyncLifetime
{
    // What Debian's packages do when they are installed, and what a container lacks: mounts that reach services.
    private const string Prepare =
        """
        for i in {1..300}; do case $(systemctl is-system-running 2>/dev/null) in running | degraded) break ;; esac; sleep 0.1; done
        mount --make-rshared /
        systemctl mask -q systemd-networkd-wait-online
        for line in auth account session; do echo "$line sufficient pam_permit.so"; done >/etc/pam.d/su
        chown postgres: /var/lib/postgresql
        pg_createcluster "$(ls /usr/lib/postgresql | sort -V | tail -n 1)" main >/dev/null
        systemctl daemon-reload
        """;

    // sudo's own path, and nothing of root's variables.
    private const string LikeSudo = "env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private readonly string _server = $"router-server-{Guid.NewGuid():n}";

    public async ValueTask InitializeAsync()
    {
        await images.Ready();
        var (_, dotnet) = await Shell.Run("sh", "-c", "readlink -f \"$(command -v dotnet)\"");
        Assert.SkipUnless(
            dotnet.StartsWith("/usr/", StringComparison.Ordinal), "The server gets this machine's /usr, and .NET isn't in it.");
        await Images.Podman(
            "run", "--detach", "--name", _server, "--systemd=always", "--cap-add=SYS_ADMIN,SYS_PTRACE",
            "--security-opt", "seccomp=unconfined", "--security-opt", "unmask=ALL",
            "--network=none", "--tmpfs", "/var/lib/postgresql", "--volume", "/usr:/usr:ro", "--tmpfs", "/usr/local/bin",
            "--volume", $"{Repository.Root}:/router:ro", "localhost/servers", "/lib/systemd/systemd", "--unit=basic.target");
        await OnServer(Prepare);
        // It may have been in the directory that is empty now.
        await OnServer($"command -v dotnet >/dev/null || ln -s {dotnet.Trim()} /usr/local/bin/dotnet");
    }

    public async ValueTask DisposeAsync() => await Images.Within(["podman", "rm", "--force", "--time", "0", "--ignore", _server]);

    [Fact]
    public async Task Install_TwiceWithServers_RunsTheHostsHardened()
    {
        Assert.Contains("It runs on http://127.0.0.1:8080", await OnServer("bash /router/deploy/install.sh --published --with-servers"),
            StringComparison.Ordinal);
        await HostsAreReady();
        foreach (var host in new[] { "api", "worker" })
        {
            var status = await OnServer($"cat /proc/$(systemctl show --value -p MainPID lead-router-{host})/status");
            Assert.DoesNotContain("Uid:\t0", status, StringComparison.Ordinal);
            foreach (var line in new[] { "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2" })
                Assert.Contains(line, status, StringComparison.Ordinal);
        }

        await DoctorFindsAllWell();

        Assert.Equal("700 root", await OnServer("stat -c '%a %U' /etc/lead-router/secrets"));
        Assert.Equal("600 root", await OnServer("stat -c '%a %U' /etc/lead-router/secrets/* | sort -u"));
        var secrets = await OnServer("sha256sum /etc/lead-router/secrets/*");
        Assert.Equal(5, secrets.Split('\n').Length);
        // Nobody finds one in what runs.
        Assert.Equal("", await OnServer(
            """
            for file in /etc/lead-router/secrets/*__*; do
                word=$(sed 's,.*://[^:]*:,,; s,@.*,,' "$file")
                grep -lF -f <(printf '%s\n' "$word") /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null || true
            done
            """));
        Assert.Equal("f", await OnServer(
            "cd /; runuser -u postgres -- psql -tAc \"select rolsuper from pg_roles where rolname = 'router_hosts'\""));
        var users = await OnServer("rabbitmqctl -q list_users");
        Assert.Contains("router", users, StringComparison.Ordinal);
        Assert.DoesNotContain("guest", users, StringComparison.Ordinal);
        Assert.DoesNotContain("administrator", users, StringComparison.Ordinal);
        foreach (var port in new[] { 5432, 5672, 15672, 25672, 4369, 8080, 8081 })
            Assert.Equal($"127.0.0.1:{port}", await OnServer($"ss -Hltn 'sport = :{port}' | tr -s ' ' | cut -d ' ' -f 4"));

        // As for an upgrade. What is there stays.
        Assert.Contains("stopped and started again", await OnServer("bash /router/deploy/install.sh --published --with-servers"),
            StringComparison.Ordinal);
        Assert.Equal(secrets, await OnServer("sha256sum /etc/lead-router/secrets/*"));
        await HostsAreReady();

        Assert.Equal(
            "ExecMainStatus=0\nResult=success",
            await OnServer("systemctl stop lead-router-worker; systemctl show -p Result,ExecMainStatus lead-router-worker | sort"));
    }

    [Fact]
    public async Task Install_WithoutServers_SaysWhatToDoNextAndStartsNothing()
    {
        await OnServer("echo 'echo of somebody else' >/usr/local/bin/router");
        var said = await OnServer("bash /router/deploy/install.sh --published");
        Assert.Contains("/usr/local/bin/router is another program and stays", said, StringComparison.Ordinal);
        Assert.Contains("configuration: Database:ConnectionString", await OnServer(
            "ROUTER_HOST_SETTINGS=/etc/lead-router dotnet /opt/lead-router/cli/router.dll doctor && exit 9 || true"),
            StringComparison.Ordinal);
        foreach (var name in new[] { "Database__ConnectionString", "RabbitMq__Uri" })
            Assert.Contains($"/etc/lead-router/secrets/{name} ", said, StringComparison.Ordinal);
        Assert.Equal("inactive\ninactive", await OnServer("systemctl is-active lead-router-api lead-router-worker || true"));
    }

    private async Task HostsAreReady()
    {
        foreach (var port in new[] { 8080, 8081 })
        {
            await Eventually.Get(
                async () => await OnServer($"curl -s http://127.0.0.1:{port}/health/ready || true"),
                answer => answer.Contains("\"status\":\"Healthy\"", StringComparison.Ordinal), $"the host at {port} is healthy",
                seconds: 180);
        }
    }

    private async Task DoctorFindsAllWell()
    {
        var said = await OnServer($"{LikeSudo} router doctor --url http://127.0.0.1:8080");
        foreach (var line in new[]
        {
            "ok       configuration: The settings make sense.", "certificates: The certificate of Secrets:CertificatePath is valid until",
            "ok       database: It takes rows.", "ok       secrets: The stored secrets can be read.",
            "broker: RabbitMQ at 127.0.0.1:5672 lets the router in.", "ok       router: The API at http://127.0.0.1:8080 is well.",
        })
            Assert.Contains(line, said, StringComparison.Ordinal);
        Assert.DoesNotContain("No host reads", said, StringComparison.Ordinal);

        // A setting of the file counts, too.
        Assert.Contains("Retention:BodiesAfter", await OnServer(
            $"echo Retention__BodiesAfter=many >>/etc/lead-router/router.env; {LikeSudo} router doctor && exit 9; "
            + "sed -i '$d' /etc/lead-router/router.env"), StringComparison.Ordinal);
        // The rest is for everybody on the server; the secrets aren't.
        var others = $"runuser -u nobody -- {LikeSudo} router";
        Assert.Contains("router", await OnServer($"{others} --help"), StringComparison.Ordinal);
        Assert.Contains("Run doctor as a user who may read", await OnServer($"{others} doctor 2>&1 && exit 9 || true"),
            StringComparison.Ordinal);
    }

    private async Task<string> OnServer(string script) =>
        (await Images.Podman("exec", _server, "bash", "-euo", "pipefail", "-c", script)).Trim();
}
