namespace RaftKv.Simulation.Mutations;

/// <summary>A bug that is planted in a copy of the sources.</summary>
/// <param name="Name">The name, for people and for the command line.</param>
/// <param name="What">What the bug does.</param>
/// <param name="Edits">The edits that plant it. Each must fit in exactly one place.</param>
internal sealed record Mutation(string Name, string What, params Edit[] Edits)
{
    /// <summary>The storm in which the bug is searched for; <c>null</c> for the storm that each seed draws.</summary>
    public Profile? In { get; init; }
}

/// <summary>Replaces a piece of a source file.</summary>
/// <param name="File">The file, below src/RaftKv.Embedded.</param>
/// <param name="Find">The text to find.</param>
/// <param name="Replace">The text that replaces it.</param>
internal sealed record Edit(string File, string Find, string Replace)
{
    public bool Fits(string text) => text.IndexOf(Find, StringComparison.Ordinal) is var at and >= 0 && text.IndexOf(Find, at + 1, StringComparison.Ordinal) < 0;
}
