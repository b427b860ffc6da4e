namespace RaftKv.Embedded.Storage;

internal enum FileOpenMode
{
    /// <summary>For reading; must exist.</summary>
    Read,

    /// <summary>For reading and writing; must exist.</summary>
    ReadWrite,

    /// <summary>For reading and writing; must not exist.</summary>
    CreateNew,

    /// <summary>For reading and writing; emptied if it exists.</summary>
    Create,
}
