using Meeda.Benchmarks;

return args switch
{
    ["kzg", "--child", ..] => KzgBenchmark.RunChild(args.Contains("--rust")),
    ["kzg", ..] => KzgBenchmark.Run(),
    ["prover", "--child", var folder] => await ProverBenchmark.RunChildAsync(folder),
    ["parity", "--child"] => ParityBenchmark.RunChild(),
    ["parity", ..] => ParityBenchmark.Run(),
    ["hostile", "--child", var folder] => await OperatorChild.RunAsync(folder),
    ["hostile-clients", "--child", var port] => await HostileBenchmark.AttackAsync(
        int.Parse(port, System.Globalization.CultureInfo.InvariantCulture)
    ),
    ["hostile", ..] => await HostileBenchmark.RunAsync(),
    ["abi", ..] => AbiBenchmark.Run(),
    ["light", ..] => await LightBenchmark.RunAsync(),
    ["put", "--child", var folder] => await PutBenchmark.RunChildAsync(folder),
    ["put", ..] => await PutBenchmark.RunAsync(),
    ["prover", ..] => await ProverBenchmark.RunAsync(),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine(
        """
        usage: bench kzg       the KZG engine beside c-kzg, on AVX-512, AVX2 and scalar code
               bench prover    an epoch's proof over 10,000 blobs on local disk
               bench put       POST /put at 1, 8 and 64 clients, service and clients in processes of their own
               bench hostile   500 good clients beside 500 hostile ones, each kind in a process of its own
               bench parity    parity rows on one core: encoding and decoding, on AVX-512, AVX2 and scalar code
               bench abi       logs of anchors to values, beside Nethereum's own reader
               bench light     a light node that catches up a year of anchors
        """
    );
    return 2;
}
