namespace RaftKv.Simulation.Invariants;

/// <summary>
/// Something that must hold after everything that happens. A new one is a file here and a line in <see cref="Simulation"/>. A class, not an
/// interface: all of them are called after every step, and a virtual call costs a fraction of the call of an interface with many
/// implementations.
/// </summary>
internal abstract class Invariant
{
    /// <summary>A node, which is up, did something.</summary>
    /// <exception cref="BrokenInvariantException">It does not hold.</exception>
    public virtual void AfterStep(SimNode node) { }

    /// <summary>A node's data directory was removed: it is another node under the same name.</summary>
    public virtual void Forget(SimNode node) { }

    /// <summary>The run is over, and the cluster has healed.</summary>
    public virtual void AtEnd() { }
}
