using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>
/// The session of this process in the state machine, which tells repeated writes from new ones. It is asked for before the first write, and
/// again when the state machine has forgotten it.
/// </summary>
internal sealed class WriteSession(ReplicaContext context, ProposalSender sender)
{
    /// <summary>How long a session lives without a write, in seconds of log time.</summary>
    private const uint LifetimeSeconds = 3600;

    /// <summary>How long an outcome is waited for before a session is asked for again.</summary>
    private static readonly long AskTimeout = TimeSpan.FromSeconds(5).Ticks;

    private long _askedAt;
    private bool _isAsked;
    private long _askedRoute;

    /// <summary>0 while there is none.</summary>
    public long Id { get; private set; }

    public void Ask()
    {
        if (_isAsked && context.Now.Ticks - _askedAt < AskTimeout)
            return;
        _isAsked = true;
        _askedAt = context.Now.Ticks;
        _askedRoute = sender.Route.Number;
        var command = new byte[KvCommand.OpenSessionBytes];
        KvCommand.WriteOpenSession(command, context.Applier.Answers.Nonce, LifetimeSeconds);
        if (sender.Propose([command]) == 0)
            AskLater();
    }

    /// <summary>The leader refused the command that opens a session.</summary>
    public void AskLater()
    {
        if (Id == 0 && _isAsked)
            _askedAt = context.Now.Ticks - AskTimeout + (ReplicaContext.SweepInterval << 2);
    }

    /// <summary>A request for a session that was sent by an earlier route may be lost.</summary>
    public void OnRouteRenewed()
    {
        if (_askedRoute != sender.Route.Number)
            _isAsked = false;
    }

    public void OnOpened(SessionOpened opened)
    {
        if (Id != 0)
            return;
        Id = opened.Session;
        context.Applier.Answers.Session = opened.Session;
    }

    /// <summary>The state machine has forgotten a session. Returns whether it is this one.</summary>
    public bool TryEnd(SessionLost lost)
    {
        if (lost.Session != Id)
            return false;
        Id = 0;
        _isAsked = false;
        context.Applier.Answers.Session = 0;
        return true;
    }
}
