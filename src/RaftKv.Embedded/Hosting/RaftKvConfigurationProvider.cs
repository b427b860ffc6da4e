using System.Text;
using Microsoft.Extensions.Configuration;
using RaftKv.Embedded.Client;

namespace RaftKv.Embedded.Hosting;

/// <summary>The keys below a prefix as configuration. Readers see one whole state or the next one.</summary>
internal sealed class RaftKvConfigurationProvider(string prefix) : ConfigurationProvider, IFollowedState
{
    private readonly TaskCompletionSource _filled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SortedDictionary<string, string> _values = new(StringComparer.Ordinal);

    public string Prefix => prefix;

    /// <summary>Completes with the first state.</summary>
    public Task Filled => _filled.Task;

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
        var data = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in _values)
        {
            var name = key[prefix.Length..].Replace('/', ':').Trim(':');
            if (name.Length > 0)
                data[name] = value;
        }
        Data = data;
        _filled.TrySetResult();
        OnReload();
    }
}
