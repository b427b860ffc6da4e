namespace RaftKv.Simulation.Invariants;

/// <summary>Something that must hold after everything that happens. A new one is a file here and a line in <see cref="Simulation"/>.</summary>
internal interface IInvariant
{
    /// <summary>A node, which is up, did something.</summary>
    /// <exception cref="BrokenInvariantException">It does not hold.</exception>
    void AfterStep(SimNode node);

    /// <summary>A node's data directory was removed: it is another node under the same name.</summary>
    void Forget(SimNode node) { }

    /// <summary>The run is over, and the cluster has healed.</summary>
    void AtEnd() { }
}
