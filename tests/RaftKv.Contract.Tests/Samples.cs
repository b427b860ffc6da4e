using RaftKv.Contract.Tests.Fakes;
using RaftKv.Embedded;

namespace RaftKv.Contract.Tests;

/// <summary>An instance of each type of the contract, created as an application creates it.</summary>
internal static class Samples
{
    private static readonly byte[] Bytes = [1, 2, 3];
    private static readonly KvVersion Version = new(7);
    private static readonly FakeKv Kv = new();

    /// <summary>Values, options and results.</summary>
    public static object[] Values =>
    [
        Version,
        new KvChild { Name = "a/", IsGroup = true },
        new KvCondition { Kind = KvConditionKind.VersionIs, Version = Version },
        KvCompare.Value("k", KvRelation.Equal, Bytes),
        new KvDeleteOptions { When = KvCondition.Exists },
        new KvEntry { Key = "k", Value = Bytes, Version = Version, ExpiresAt = DateTimeOffset.UnixEpoch },
        new KvEvent { Kind = KvEventKind.Put, Key = "k", Value = Bytes, Version = Version, CreateVersion = Version, WriteCount = 1 },
        new KvFailedCompare { Index = 1, Key = "k" },
        new KvIncrementOptions { InitialValue = 1, TimeToLive = TimeSpan.FromMinutes(1) },
        new KvGetResult
        {
            Found = true, Value = Bytes, Version = Version, CreateVersion = Version, WriteCount = 1, ReadAt = Version, LeaseId = 3,
            ExpiresAt = DateTimeOffset.UnixEpoch.AddDays(1), SlidingExpiration = TimeSpan.FromMinutes(1), Age = TimeSpan.FromSeconds(1),
        },
        new KvKeyRange { From = "a", To = "b", Prefix = "a" },
        new KvLeaseInfo { LeaseId = 3, TimeToLive = TimeSpan.FromSeconds(9), Remaining = TimeSpan.FromSeconds(5), Keys = ["k"] },
        new KvLeaseSummary { LeaseId = 3, TimeToLive = TimeSpan.FromSeconds(9), KeyCount = 1, FirstKeys = ["k"], Holder = "node1" },
        new KvLockHolder { NodeId = "node1", FencingToken = Version, AskedAt = DateTimeOffset.UnixEpoch, Waiting = 2, LeaseId = 3 },
        new KvLockOptions { TimeToLive = TimeSpan.FromSeconds(9) },
        new KvOperationResult { Read = new() { Found = true }, Deleted = 1, Number = 2 },
        new KvReadOptions { Consistency = KvConsistency.Stale, MaxAge = TimeSpan.FromSeconds(1) },
        new KvReadResult<int>(true, 5),
        new KvScanOptions { Limit = 5, KeysOnly = true },
        new KvScanPage { Entries = [], Version = Version, Next = "k" },
        new KvSetOptions { TimeToLive = TimeSpan.FromSeconds(1), LeaseId = 3 },
        new KvTransaction(),
        new KvTransactionBranch().Get("k"),
        new KvTransactionOperation { Kind = KvTransactionOperationKind.Set, Key = "k", Value = Bytes },
        new KvTransactionResult { Succeeded = true, Version = Version, Results = [default] },
        new KvValue<string> { Found = true, Value = "v", Version = Version },
        new KvViewState<string> { Version = Version },
        new KvWatchOptions { FromVersion = Version },
        new KvWriteResult(true, Version),
        new KvReader<int, int>((value, _, state) => value.Length + state),
    ];

    /// <summary>Types that an operator uses, and options of the node.</summary>
    public static object[] Operations =>
    [
        new RaftKvBackupInfo { Version = Version, KeyCount = 1, Bytes = 2, ClusterId = Guid.Empty, LastWriteAt = DateTimeOffset.UnixEpoch },
        new RaftKvElection { Term = 2, LeaderId = "node1", At = DateTimeOffset.UnixEpoch, Cause = "a test" },
        new RaftKvLimits { MaxKeyBytes = 1, MaxValueBytes = 2, MaxTransactionBytes = 3 },
        new RaftKvMember { NodeId = "node1", Address = "localhost:1" },
        new RaftKvMemberStatus { NodeId = "node1", Address = "localhost:1", Role = RaftKvMemberRole.Learner, MatchIndex = 4 },
        new RaftKvRecoveryPlan
        {
            ClusterId = Guid.Empty, Ranked = [Survivor], MissingVoters = [], HasQuorum = true, MayLoseWrites = false, Findings = [],
        },
        new RaftKvRestored { Backup = new() { Version = Version }, ClusterId = Guid.Empty, Version = Version },
        new RaftKvStall { Cause = RaftKvStallCause.Gc, Duration = TimeSpan.FromSeconds(1), Detail = "a test" },
        new RaftKvStatus { NodeId = "node1", Address = "localhost:1", Role = RaftKvRole.Leader, IsReady = true },
        Survivor,
        new RaftKvOptions(),
        new RaftKvCacheOptions(),
        new RaftKvLeaderServiceFailure { ExceptionType = "System.TimeoutException", Message = "It failed." },
        new RaftKvLeaderServiceOptions(),
        new RaftKvLeaderServiceStatus { Name = "job", NodeId = "node1", Since = DateTimeOffset.UnixEpoch, Failures = 1 },
        new RaftKvTlsOptions(),
        new RaftKvTlsCredentials(TestCertificate.Create(), [TestCertificate.Create()]),
    ];

    /// <summary>Every exception type of the library.</summary>
    public static RaftKvException[] Errors =>
    [
        new RaftKvCompactedException(Version, new KvVersion(8)),
        new RaftKvLeaseException(RaftKvLeaseError.NotFound, "There is no such lease."),
        new RaftKvLimitExceededException(nameof(RaftKvOptions.MaxValueBytes), 2, 1),
        new RaftKvMembershipException(RaftKvMembershipError.ChangeInProgress, "Another change is not finished."),
        new RaftKvOutcomeUnknownException("No answer came.", new TimeoutException()),
        new RaftKvReservedKeyException("The key is reserved.", ".locks/"),
        new RaftKvStorageException(RaftKvStorageError.DiskFull, "The disk is full.", new IOException()),
        new RaftKvTransactionException(RaftKvTransactionError.NotANumber, "The value is no number."),
        new RaftKvUnavailableException(RaftKvUnavailableReason.NoLeader, "There is no leader.", new TimeoutException()),
    ];

    /// <summary>Implementations of the interfaces and abstract classes.</summary>
    public static object[] Fakes =>
    [
        Kv, new CountingKv(Kv), new FakeLeases(Kv), new FakeCoordination(Kv), new FakeCluster(), new FakeBuilder(), new FakeView<string>(),
        new FakeLeaderService(), new FakeLeaderServices("node1"),
        new FakeLease(1, TimeSpan.FromSeconds(1), _ => { }), new FakeLock("name", "key", Version, () => { }),
    ];

    private static RaftKvSurvivingNode Survivor => new()
    {
        DataDirectory = "data", NodeId = "node1", Incarnation = Guid.Empty, ClusterId = Guid.Empty, Term = 1, LastTerm = 1,
        LastVersion = Version, LastWriteAt = DateTimeOffset.UnixEpoch, SnapshotVersion = default, Voters = ["node1"], IsVoter = true,
    };
}
