namespace RaftKv.Samples.Shop;

/// <summary>The bank.</summary>
public interface IPayments
{
    /// <summary>Reserves an amount. Asked again with the same order, it is reserved once; without an order it lapses.</summary>
    Task ReserveAsync(string orderId, int amount, CancellationToken cancellationToken);
}
