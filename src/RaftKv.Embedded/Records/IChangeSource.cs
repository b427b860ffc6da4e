using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Records;

/// <summary>The source of changes: the state machine, as the change history sees it.</summary>
internal interface IChangeSource
{
    IKvStore Store { get; }

    /// <summary>The last entry that is applied.</summary>
    EntryId Applied { get; }

    /// <summary>Receives every change from now on.</summary>
    IKvChangeSink? Changes { set; }
}
