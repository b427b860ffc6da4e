namespace RaftKv.Simulation.Mutations;

/// <summary>A bug that is planted in a copy of the sources.</summary>
/// <param name="Name">For people and for the command line.</param>
/// <param name="What">What is wrong then.</param>
/// <param name="Edits">Where. Each must fit in exactly one place.</param>
internal sealed record Mutation(string Name, string What, params Edit[] Edits)
{
    /// <summary>The storm it is hunted in; <c>null</c>: that which each seed says.</summary>
    public Profile? In { get; init; }
}

/// <summary>Replaces a piece of a source file.</summary>
/// <param name="File">Below src/RaftKv.Embedded.</param>
/// <param name="Find">What is there.</param>
/// <param name="Replace">What shall be there.</param>
internal sealed record Edit(string File, string Find, string Replace)
{
    public bool Fits(string text) => text.IndexOf(Find, StringComparison.Ordinal) is var at and >= 0 && text.IndexOf(Find, at + 1, StringComparison.Ordinal) < 0;
}
