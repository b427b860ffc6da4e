using System.CommandLine;
using System.CommandLine.Help;
using RaftKv.Embedded.Tool.Offline;
using RaftKv.Embedded.Tool.Online;

namespace RaftKv.Embedded.Tool;

/// <summary>The command line as a whole.</summary>
internal static class ToolCommand
{
    private static readonly Option<bool> Json = new("--json")
    {
        Description = "Write one JSON document to the standard output, an error included; 'watch' writes one a line",
        Recursive = true,
    };

    public static RootCommand Create()
    {
        var root = new RootCommand(
            "Looks at and changes a running cluster of RaftKv.Embedded over HTTP, and repairs what stopped nodes have on their disks.")
        {
            Json,
            StatusCommand.Create(),
            MemberCommands.Create(),
            MemberCommands.Transfer(),
            ReadCommands.Get(),
            WriteCommands.Set(),
            WriteCommands.Delete(),
            ReadCommands.List(),
            WatchCommand.Create(),
            HolderCommands.Locks(),
            HolderCommands.Leases(),
            DownloadCommand.Create(),
            BackupCommands.Verify(),
            BackupCommands.Restore(),
            RecoveryCommands.Inspect(),
            RecoveryCommands.Recover(),
            RecoveryCommands.Retire(),
        };
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExitCodes((HelpAction)help.Action!);
        return root;
    }

    public static bool WantsJson(ParseResult parsed) => parsed.GetValue(Json);
}
