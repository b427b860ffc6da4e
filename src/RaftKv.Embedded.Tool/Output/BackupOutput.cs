using System.Text.Json;

namespace RaftKv.Embedded.Tool.Output;

/// <summary>What a backup holds.</summary>
internal static class BackupOutput
{
    public static void Say(RaftKvBackupInfo backup) => Console.WriteLine(
        $"A whole backup: {backup.KeyCount:N0} keys at version {backup.Version} of cluster {backup.ClusterId}, "
        + $"last write {backup.LastWriteAt:yyyy-MM-dd HH:mm:ss} UTC, {backup.Bytes:N0} bytes.");

    /// <param name="json">Gets an object.</param>
    /// <param name="backup">What it tells.</param>
    /// <param name="file">Where the backup is.</param>
    public static void Write(Utf8JsonWriter json, RaftKvBackupInfo backup, string file)
    {
        json.WriteStartObject();
        json.WriteString("file", file);
        json.WriteNumber("version", backup.Version.Value);
        json.WriteNumber("keyCount", backup.KeyCount);
        json.WriteNumber("bytes", backup.Bytes);
        json.WriteString("clusterId", backup.ClusterId);
        json.WriteString("lastWriteAt", backup.LastWriteAt);
        json.WriteEndObject();
    }
}
