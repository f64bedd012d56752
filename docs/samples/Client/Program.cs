// Stores a batch at an operator and reads it back; every byte is checked against its commitment.
using Meeda.Client;
using Meeda.Protocol.Batches;
using Microsoft.Extensions.DependencyInjection;

var services = new ServiceCollection();
services.AddMeedaClient(new Uri(args is [var url, ..] ? url : "http://127.0.0.1:3100"), new MeedaClientOptions { Retries = 0 });
await using ServiceProvider provider = services.BuildServiceProvider();
MeedaClient client = provider.GetRequiredService<MeedaClient>();
try
{
    AltDaCommitment commitment = await client.PutAsync("a batch of a rollup"u8.ToArray());
    byte[] batch = await client.GetAsync(commitment);
    Console.WriteLine($"read {batch.Length} bytes back");
}
catch (MeedaException failure)
{
    Console.WriteLine($"{failure.Error}: {failure.Message}");
}
