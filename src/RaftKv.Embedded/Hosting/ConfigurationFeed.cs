using System.Text;
using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Diagnostics;

namespace RaftKv.Embedded.Hosting;

/// <summary>
/// The keys below a prefix as configuration values. The feed outlives its providers: a configuration creates new providers when its list of
/// sources changes. Readers see one complete state or the next one.
/// </summary>
internal sealed class ConfigurationFeed : IFollowedState
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _filled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SortedDictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly LastKnownConfiguration? _lastKnown;
    private List<RaftKvConfigurationProvider> _providers = [];
    private Dictionary<string, string?> _data = NewData();

    public ConfigurationFeed(string prefix, LastKnownConfiguration? lastKnown, string? cluster)
    {
        (Prefix, _lastKnown, Cluster) = (prefix, lastKnown, cluster);
        if (lastKnown is null)
            return;
        foreach (var (name, value) in lastKnown.Load())
            _data[name] = value;
    }

    public string Prefix { get; }

    /// <summary>The name of the cluster that holds the keys; <c>null</c> for the one of <c>AddRaftKv</c>.</summary>
    public string? Cluster { get; }

    /// <summary>The log for errors of listeners and of the last-known file.</summary>
    public ILogger? Log { get; set; }

    /// <summary>Completes once the store has supplied the first state.</summary>
    public Task Filled => _filled.Task;

    /// <summary>The newest state. The dictionary is never changed, only replaced.</summary>
    public Dictionary<string, string?> Data => Volatile.Read(ref _data);

    public void Add(RaftKvConfigurationProvider provider)
    {
        lock (_gate)
            _providers = [.. _providers, provider];
    }

    public void Remove(RaftKvConfigurationProvider provider)
    {
        lock (_gate)
            _providers = [.. _providers.Where(p => p != provider)];
    }

    void IFollowedState.Begin() => _values.Clear();

    void IFollowedState.Apply(in KvEvent change)
    {
        if (change.Kind == KvEventKind.Put)
            _values[change.Key] = Encoding.UTF8.GetString(change.Value.Span);
        else
            _values.Remove(change.Key);
    }

    void IFollowedState.Publish(KvVersion version)
    {
        var data = NewData();
        foreach (var (key, value) in _values)
        {
            var name = key[Prefix.Length..].Replace('/', ':').Trim(':');
            if (name.Length > 0)
                data[name] = value;
        }
        Volatile.Write(ref _data, data);
        _filled.TrySetResult();
        foreach (var provider in Volatile.Read(ref _providers))
            Show(provider);
        Keep(data);
    }

    private static Dictionary<string, string?> NewData() => new(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// A listener may throw, for example because options cannot be bound to a value. The next change may correct the value, so the feed
    /// continues.
    /// </summary>
    private void Show(RaftKvConfigurationProvider provider)
    {
        try
        {
            provider.Reload();
        }
        catch (Exception e)
        {
            Log?.ConfigurationRefused(Prefix, Innermost(e).Message);
        }
    }

    private void Keep(Dictionary<string, string?> data)
    {
        try
        {
            _lastKnown?.Save(data);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log?.ConfigurationNotKept(Prefix, e.Message);
        }
    }

    /// <summary>Returns the first cause: the callbacks of a cancellation nest their errors.</summary>
    private static Exception Innermost(Exception error) =>
        error is AggregateException { InnerExceptions: [var inner, ..] } ? Innermost(inner) : error;
}
