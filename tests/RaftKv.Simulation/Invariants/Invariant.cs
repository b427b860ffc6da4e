namespace RaftKv.Simulation.Invariants;

/// <summary>
/// A condition that must hold after every step. A new invariant is a file here and a line in <see cref="Simulation"/>. A class, not an
/// interface: all of them are called after every step, and a virtual call costs a fraction of the call of an interface with many
/// implementations.
/// </summary>
internal abstract class Invariant
{
    /// <summary>A node that is up has taken a step.</summary>
    /// <exception cref="BrokenInvariantException">The condition does not hold.</exception>
    public virtual void AfterStep(SimNode node) { }

    /// <summary>A node's data directory was removed: from now on it is another node under the same name.</summary>
    public virtual void Forget(SimNode node) { }

    /// <summary>The run is over, and the cluster has healed.</summary>
    public virtual void AtEnd() { }
}
