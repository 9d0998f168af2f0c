namespace Router.Testing;

/// <summary>deploy/servers.sh, by which the tests start and end servers of their own.</summary>
internal static class ServersScript
{
    /// <summary>
    /// What survives the end of Postgres' processes need not survive the machine's, too; and its shared memory goes with its directory,
    /// also when it is killed.
    /// </summary>
    public const string Unflushed = "-c fsync=off -c full_page_writes=off -c dynamic_shared_memory_type=mmap";

    public static string Path => System.IO.Path.Combine(Repository.Root, "deploy/servers.sh");

    /// <exception cref="InvalidOperationException">It failed; the text has its output.</exception>
    public static async Task Run(string postgresOptions, params string[] arguments)
    {
        // In a session of its own: a Ctrl-C, which goes to all that run in the terminal, must not end it halfway and leave a server behind.
        var (exitCode, output) = await Shell.Run(
            "setsid", ["--wait", "env", $"ROUTER_POSTGRES_OPTIONS={postgresOptions}", "bash", Path, .. arguments]);
        if (exitCode != 0)
            throw new InvalidOperationException(
                $"deploy/servers.sh {arguments[0]} failed: {output}\nIs everything installed? Run: deploy/servers.sh install");
    }

    /// <summary>What it has noted of the servers in a directory.</summary>
    public static string Setting(string directory, string name) =>
        File.ReadLines(System.IO.Path.Combine(directory, "servers.env"))
            .Single(line => line.StartsWith($"{name}=", StringComparison.Ordinal))[(name.Length + 1)..];

    /// <summary>
    /// Where RabbitMQ needn't wait for the disk either, which takes a third of the time of a run; where there is no room for that, on disk.
    /// </summary>
    public static string Directory(bool inMemory)
    {
        const string memory = "/dev/shm";
        var directory = inMemory && System.IO.Directory.Exists(memory) && new DriveInfo(memory).AvailableFreeSpace > 6L << 30
            ? System.IO.Directory.CreateDirectory(System.IO.Path.Combine(memory, $"lead-router-test-{Guid.NewGuid():N}")).FullName
            : System.IO.Directory.CreateTempSubdirectory("lead-router-test-").FullName;
        // Postgres runs as another user when the tests run as root.
        File.SetUnixFileMode(directory, (UnixFileMode)0b111_101_101);
        return directory;
    }
}
