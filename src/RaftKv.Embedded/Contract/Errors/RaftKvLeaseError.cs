namespace RaftKv.Embedded;

/// <summary>Why a call about a lease was refused. In every case nothing was written.</summary>
public enum RaftKvLeaseError
{
    /// <summary>There is no such lease: it was revoked, has expired, or never was.</summary>
    NotFound = 0,

    /// <summary>The lease has as many keys as one may have, 10,000.</summary>
    TooManyKeys = 1,

    /// <summary>The cluster has as many leases as it may have, 100,000.</summary>
    TooManyLeases = 2,
}
