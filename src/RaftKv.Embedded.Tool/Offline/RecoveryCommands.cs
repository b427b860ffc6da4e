using System.CommandLine;
using System.Text.Json;
using RaftKv.Embedded.Recovery;
using RaftKv.Embedded.Tool.Output;

namespace RaftKv.Embedded.Tool.Offline;

/// <summary><c>raftkv inspect</c>, <c>recover</c> and <c>retire</c>, for a cluster that has lost its quorum for good.</summary>
internal static class RecoveryCommands
{
    public static Command Inspect()
    {
        var directory = new Argument<string>("directory") { Description = "The data directory of a stopped node" };
        var upToDamage = UpToDamage();
        var command = new Command("inspect",
            "Says what a stopped node has on its disk, and verifies its log; changes nothing. "
            + "With --json a report that 'recover' takes on another machine")
        {
            directory, upToDamage,
        };
        command.SetAction(parsed =>
        {
            var survivor = RaftKvRecovery.Inspect(parsed.GetRequiredValue(directory), parsed.GetValue(upToDamage));
            if (ToolCommand.WantsJson(parsed))
                JsonOutput.Write(json => JsonSerializer.Serialize(json, survivor, ToolJson.Default.RaftKvSurvivingNode));
            else
                RecoveryOutput.Say(survivor);
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Recover()
    {
        var survivors = new Argument<string[]>("survivors")
        {
            Description = "Data directories of stopped nodes, or reports that 'inspect --json' wrote",
            Arity = ArgumentArity.OneOrMore,
        };
        var confirm = new Option<Guid?>("--confirm")
        {
            Description = "The id of the cluster that is given up; without it, nothing is changed",
        };
        var upToDamage = UpToDamage();
        var node = new NodeOptions();
        var command = new Command("recover",
            "Ranks what is left of a cluster, says what may be lost and, when confirmed, begins a new cluster with the best of it")
        {
            survivors, confirm, upToDamage,
        };
        node.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var found = parsed.GetRequiredValue(survivors).Select(survivor => Load(survivor, parsed.GetValue(upToDamage)));
            var plan = RaftKvRecovery.Plan(found);
            return Task.FromResult(Recover(plan, node.From(parsed), parsed.GetValue(confirm), ToolCommand.WantsJson(parsed),
                cancellationToken));
        });
        return command;
    }

    public static Command Retire()
    {
        var directory = new Argument<string>("directory") { Description = "The data directory of a stopped node of the old cluster" };
        var cluster = new Option<Guid>("--cluster") { Description = "The id of the cluster that came after", Required = true };
        var command = new Command("retire",
            "Keeps a survivor's directory from starting, after a recovery on another machine; its data stays") { directory, cluster };
        command.SetAction(parsed =>
        {
            var (path, successor) = (parsed.GetRequiredValue(directory), parsed.GetRequiredValue(cluster));
            RaftKvRecovery.Retire(path, successor);
            if (ToolCommand.WantsJson(parsed))
                JsonOutput.Write(json => RecoveryOutput.WriteRetired(json, path, successor));
            return ExitCode.Done;
        });
        return command;
    }

    private static Option<bool> UpToDamage() =>
        new("--up-to-damage") { Description = "A damaged log counts up to the damage; what was acknowledged behind it is lost" };

    private static int Recover(RaftKvRecoveryPlan plan, NodeTarget node, Guid? confirmed, bool asJson, CancellationToken cancellationToken)
    {
        if (!asJson)
            RecoveryOutput.Say(plan);
        var restored = plan.HasQuorum || confirmed is not { } clusterId ? null
            : RaftKvRecovery.Start(plan, node.Directory, node.NodeId, node.Address, clusterId, cancellationToken);
        if (asJson)
            JsonOutput.Write(json => RecoveryOutput.Write(json, plan, restored, node));
        else
            RecoveryOutput.SayWhatIsNext(plan, restored, node);
        return plan.HasQuorum ? ExitCode.Refused : ExitCode.Done;
    }

    private static RaftKvSurvivingNode Load(string directoryOrReport, bool upToDamage) => File.Exists(directoryOrReport)
        ? JsonSerializer.Deserialize(File.ReadAllText(directoryOrReport), ToolJson.Default.RaftKvSurvivingNode)
            ?? throw new JsonException($"{directoryOrReport} is no report.")
        : RaftKvRecovery.Inspect(directoryOrReport, upToDamage);
}
