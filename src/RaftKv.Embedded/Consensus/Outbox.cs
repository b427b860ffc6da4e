using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>The time and the effects of the step under way. An unsaved vote is saved before any message leaves.</summary>
internal sealed class Outbox(HardState vote, long electionTimeout)
{
    private List<RaftEffect> _effects = [];

    /// <summary>When the step happens. Never goes back.</summary>
    public Moment Now { get; private set; }

    public void Begin(Moment now, List<RaftEffect> effects)
    {
        _effects = effects;
        Now = now.Ticks >= Now.Ticks ? now : new Moment(Now.Ticks, now.UnixMs);
    }

    public void Add(RaftEffect effect) => _effects.Add(effect);

    public void Send(string to, RaftMessage message)
    {
        SaveVoteIfChanged();
        _effects.Add(new Send(to, message));
    }

    public void SaveVoteIfChanged()
    {
        if (vote.IsUnsaved)
            _effects.Add(vote.TakeUnsaved(Now.Ticks, electionTimeout));
    }

    public void Complete(long request, string message) => _effects.Add(new RequestCompleted(request, null, message));

    public void Refuse(long request, RaftKvMembershipError error, string message, bool retry = false) =>
        _effects.Add(new RequestCompleted(request, error, message, retry));

    /// <summary>The request is in the log of this node, which leads no more: it may be carried out or not.</summary>
    public void LeaveOpen(long request, string message) =>
        _effects.Add(new RequestCompleted(request, RaftKvMembershipError.ChangeInProgress, message, Retry: true, Unknown: true));
}
