namespace RaftKv.Simulation;

/// <summary>A value for each machine, at first the default. An array, because values are read many times in every step.</summary>
internal sealed class PerNode<T>
{
    private T[] _values = new T[8];

    public ref T this[SimNode node]
    {
        get
        {
            if (node.Number >= _values.Length)
                Array.Resize(ref _values, node.Number + 8);
            return ref _values[node.Number];
        }
    }
}
