using System.Text.Json;

namespace RaftKv.Samples.Shop;

/// <summary>The cart in the session of a request.</summary>
public static class SessionCart
{
    private const string Key = "cart";

    /// <summary>The cart of the session; a new one when there is none.</summary>
    public static Cart GetCart(this ISession session) =>
        session.GetString(Key) is { } json ? JsonSerializer.Deserialize<Cart>(json)! : Cart.New();

    /// <summary>
    /// Stores the cart, and fails when that is not possible: the middleware would only log the failure, after the answer.
    /// </summary>
    public static Task SetCartAsync(this ISession session, Cart cart, CancellationToken cancellationToken)
    {
        session.SetString(Key, JsonSerializer.Serialize(cart));
        return session.CommitAsync(cancellationToken);
    }
}
