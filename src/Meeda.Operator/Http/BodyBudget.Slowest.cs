using Meeda.Operator.Batches;

namespace Meeda.Operator.Http;

/// <summary>Chooses the body that is cut off.</summary>
internal sealed partial class BodyBudget
{
    /// <summary>
    /// The body to cut off so that <paramref name="waiter"/> can enter: the slowest one of the client that holds the
    /// most memory, if that body is slow or its client holds more than the waiter's. Null if there is no such body, if
    /// another waiter comes first, or if the bodies already cut off release enough.
    /// </summary>
    private BodyRoom? FindSlowestFor(Waiter waiter)
    {
        lock (_gate)
        {
            Client own = waiter.Room.Client;
            if (
                !_waiting.Contains(waiter)
                || _waiting.Exists(other =>
                    other != waiter && IsBefore(other, waiter) && (other.Room.Client == own || !IsBeyondItsPart(other))
                )
            )
            {
                return null;
            }

            bool isFirst = IsFirst(waiter);
            bool isBeyondItsPart = IsBeyondItsPart(waiter);
            long needed = waiter.Bytes;
            BodyRoom? slowest = null;
            foreach (Client client in _clients.Values.Where(client => !isBeyondItsPart || client == own))
            {
                foreach (BodyRoom room in client.Rooms)
                {
                    long held = isFirst ? room.First : room.Rest + room.Reserve;
                    if (room.IsCutOff)
                    {
                        needed -= held;
                        continue;
                    }

                    if (
                        held > 0
                        && room.Speed is { } speed
                        && (speed < Pace.LongBytesPerSecond || client.Held > own.Held)
                        && (
                            slowest is null
                            || client.Held > slowest.Client.Held
                            || (client == slowest.Client && speed < slowest.Speed)
                        )
                    )
                    {
                        slowest = room;
                    }
                }
            }

            return needed > 0 ? slowest : null;
        }
    }
}
