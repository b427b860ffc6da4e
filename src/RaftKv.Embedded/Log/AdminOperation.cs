namespace RaftKv.Embedded.Log;

/// <summary>The numbers are part of the wire format.</summary>
internal enum AdminOperation : byte
{
    AddMember = 1,
    RemoveMember = 2,
    TransferLeadership = 3,

    /// <summary>A member was found at another address than the configuration has.</summary>
    MoveMember = 4,

    /// <summary>
    /// As <see cref="AddMember"/>, for a node that asks to join by itself or has lost its disk: it counts as a member already only if its
    /// incarnation matches, not by its node id alone.
    /// </summary>
    Admit = 5,

    /// <summary>A member that never votes.</summary>
    AddLearner = 6,
}
