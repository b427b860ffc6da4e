using System.CommandLine;
using RaftKv.Embedded;
using RaftKv.Embedded.Tool;

var root = new RootCommand("Offline operations on the data of RaftKv.Embedded. Nothing is changed without being asked for twice.")
{
    BackupCommands.Verify(),
    BackupCommands.Restore(),
    RecoveryCommands.Inspect(),
    RecoveryCommands.Recover(),
    RecoveryCommands.Retire(),
};

try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception e) when (e is RaftKvException or ArgumentException or IOException or UnauthorizedAccessException or System.Text.Json.JsonException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
