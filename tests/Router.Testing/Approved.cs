namespace Router.Testing;

/// <summary>
/// Compares with a file under <c>Approved/</c>. What is on the wire is a contract with programs that we don't know: to change it, read
/// the difference, then move the <c>.received.txt</c> over the <c>.txt</c> and say why in the commit.
/// </summary>
public static class Approved
{
    public static void Verify(string name, string actual)
    {
        var directory = Path.Combine(Repository.Root, "tests/Router.IntegrationTests/Approved");
        var approved = Path.Combine(directory, $"{name}.txt");
        var received = Path.Combine(directory, $"{name}.received.txt");
        actual = actual.TrimEnd() + "\n";
        if (File.Exists(approved) && File.ReadAllText(approved) == actual)
        {
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, actual);
        Assert.Fail($"The wire changed: compare {received} with {approved}\n{actual}");
    }
}
