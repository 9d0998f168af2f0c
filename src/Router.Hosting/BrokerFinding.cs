namespace Router.Hosting;

/// <summary>How bad a finding is.</summary>
internal enum FindingWeight
{
    /// <summary>Leads are held up, or would be lost: worth waking somebody.</summary>
    Danger,

    /// <summary>All goes on, with less to spare: a node of the cluster is away, perhaps on purpose.</summary>
    Weakness,

    /// <summary>It is only good to know.</summary>
    Notice,
}

/// <summary>Something about RabbitMQ that keeps leads from moving, would lose them, or leaves less to spare.</summary>
/// <param name="What">What is so, in a sentence.</param>
/// <param name="Fix">What to do about it.</param>
/// <param name="Weight">How bad it is.</param>
internal sealed record BrokerFinding(string What, string Fix, FindingWeight Weight = FindingWeight.Danger)
{
    /// <summary>Whether something has to be done about it.</summary>
    public bool IsProblem => Weight is not FindingWeight.Notice;

    public override string ToString() => $"{What} {Fix}";
}
