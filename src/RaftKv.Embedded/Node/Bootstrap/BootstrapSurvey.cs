using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>Which nodes answer at the addresses that a node without a cluster knows, and what is wrong with its configuration.</summary>
internal sealed class BootstrapSurvey
{
    private readonly RaftKvOptions _options;
    private readonly PeerHello _self;
    private readonly Dictionary<string, PeerHello> _answers = new(StringComparer.Ordinal);
    private readonly List<string> _mistakes = [];
    private readonly List<string> _missing = [];

    private BootstrapSurvey(RaftKvOptions options, PeerHello self) => (_options, _self) = (options, self);

    /// <summary>The other nodes that answered, by address.</summary>
    public IReadOnlyDictionary<string, PeerHello> Answers => _answers;

    /// <summary>What must be corrected, each in whole sentences.</summary>
    public IReadOnlyList<string> Mistakes => _mistakes;

    /// <summary>Initial members that cannot be reached, as "node1 at 10.0.0.1:7001".</summary>
    public IReadOnlyList<string> Missing => _missing;

    /// <param name="options">The lists of addresses.</param>
    /// <param name="self">How this node introduces itself.</param>
    /// <param name="callers">Addresses of nodes that have dialled this one.</param>
    /// <param name="probe">Asks the node that listens at an address to introduce itself; <c>null</c> if there is no answer.</param>
    public static BootstrapSurvey Take(RaftKvOptions options, PeerHello self, IEnumerable<string> callers, Func<string, PeerHello?> probe)
    {
        var survey = new BootstrapSurvey(options, self);
        foreach (var member in options.InitialMembers)
            survey.AskMember(member, probe);
        foreach (var address in options.Seeds.Concat(callers).Except(options.InitialMembers.Select(m => m.Address)).Distinct())
            survey.AskSeed(address, probe);
        return survey;
    }

    private void AskMember(RaftKvMember member, Func<string, PeerHello?> probe)
    {
        var isOwn = member.NodeId == _self.NodeId;
        if (isOwn && member.Address == _self.Address)
            return;
        if (probe(member.Address) is not { } hello)
        {
            // A node need not reach itself at the address that others know.
            if (!isOwn)
                _missing.Add($"{member.NodeId} at {member.Address}");
        }
        else if (hello.Incarnation == _self.Incarnation)
        {
            if (!isOwn)
                _mistakes.Add($"InitialMembers gives the address {member.Address} to {member.NodeId}, and this node, {_self.NodeId}, "
                    + "answers there. Correct the address, or the NodeId of this node.");
        }
        else if (hello.NodeId == _self.NodeId)
        {
            AddNamesake(member.Address);
        }
        else
        {
            _answers[member.Address] = hello;
            if (hello.NodeId != member.NodeId)
                _mistakes.Add($"At {member.Address}, the address of {member.NodeId} in InitialMembers, a node named {hello.NodeId} "
                    + "answers. Correct InitialMembers, or the NodeId of that node.");
            else if (hello.InitialMembersDigest is { } digest && digest != _self.InitialMembersDigest)
                _mistakes.Add(digest == 0
                    ? $"{member.NodeId} at {member.Address} has no InitialMembers. Give it the same list as this node, or take it out of "
                        + "the list."
                    : $"{member.NodeId} at {member.Address} has other InitialMembers than this node. Give every node the same list, with "
                        + "the same names and the same addresses.");
        }
    }

    private void AskSeed(string address, Func<string, PeerHello?> probe)
    {
        if (probe(address) is not { } hello || hello.Incarnation == _self.Incarnation)
            return;
        if (hello.NodeId == _self.NodeId)
            AddNamesake(address);
        else
            _answers[address] = hello;
    }

    private void AddNamesake(string address) =>
        _mistakes.Add($"Another node, at {address}, has the NodeId of this node, {_self.NodeId}. Give every node a NodeId of its own.");
}
