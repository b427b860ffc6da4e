using System.Diagnostics;
using System.Runtime;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace RaftKv.Embedded.Http;

/// <summary>The process as the runtime sees it: a first look, before dotnet-counters and dotnet-trace.</summary>
internal static class RuntimeStats
{
    public static void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        WriteProcess(json);
        WriteGarbageCollector(json);
        WriteThreadPool(json);
        json.WriteEndObject();
    }

    private static void WriteProcess(Utf8JsonWriter json)
    {
        using var process = Process.GetCurrentProcess();
        json.WriteStartObject("process"u8);
        json.WriteNumber("id"u8, process.Id);
        json.WriteString("runtime"u8, RuntimeInformation.FrameworkDescription);
        json.WriteString("os"u8, RuntimeInformation.OSDescription);
        json.WriteString("architecture"u8, RuntimeInformation.ProcessArchitecture.ToString());
        json.WriteNumber("processors"u8, Environment.ProcessorCount);
        json.WriteNumber("cpu_seconds"u8, process.TotalProcessorTime.TotalSeconds);
        json.WriteNumber("working_set_bytes"u8, process.WorkingSet64);
        json.WriteNumber("private_bytes"u8, process.PrivateMemorySize64);
        json.WriteNumber("threads"u8, process.Threads.Count);
        json.WriteNumber("methods_compiled"u8, JitInfo.GetCompiledMethodCount());
        json.WriteEndObject();
    }

    private static void WriteGarbageCollector(Utf8JsonWriter json)
    {
        var memory = GC.GetGCMemoryInfo();
        json.WriteStartObject("gc"u8);
        json.WriteBoolean("server"u8, GCSettings.IsServerGC);
        json.WriteNumber("heap_bytes"u8, GC.GetTotalMemory(forceFullCollection: false));
        json.WriteNumber("committed_bytes"u8, memory.TotalCommittedBytes);
        json.WriteNumber("fragmented_bytes"u8, memory.FragmentedBytes);
        json.WriteNumber("allocated_bytes_total"u8, GC.GetTotalAllocatedBytes());
        json.WriteNumber("pause_milliseconds_total"u8, GC.GetTotalPauseDuration().TotalMilliseconds);
        json.WriteNumber("pause_percent"u8, memory.PauseTimePercentage);
        json.WriteNumber("memory_load_bytes"u8, memory.MemoryLoadBytes);
        json.WriteNumber("available_bytes"u8, memory.TotalAvailableMemoryBytes);
        json.WriteStartArray("collections"u8);
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
            json.WriteNumberValue(GC.CollectionCount(generation));
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteThreadPool(Utf8JsonWriter json)
    {
        ThreadPool.GetMinThreads(out var minimum, out _);
        ThreadPool.GetMaxThreads(out var maximum, out _);
        json.WriteStartObject("thread_pool"u8);
        json.WriteNumber("threads"u8, ThreadPool.ThreadCount);
        json.WriteNumber("minimum"u8, minimum);
        json.WriteNumber("maximum"u8, maximum);
        json.WriteNumber("pending"u8, ThreadPool.PendingWorkItemCount);
        json.WriteNumber("completed_total"u8, ThreadPool.CompletedWorkItemCount);
        json.WriteNumber("lock_contentions_total"u8, Monitor.LockContentionCount);
        json.WriteNumber("timers"u8, Timer.ActiveCount);
        json.WriteEndObject();
    }
}
