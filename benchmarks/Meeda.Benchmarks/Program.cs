using Meeda.Benchmarks;

return args switch
{
    ["kzg", "--child", ..] => KzgBenchmark.RunChild(),
    ["kzg", ..] => KzgBenchmark.Run(),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: bench kzg    the KZG engine beside c-kzg, on AVX-512, AVX2 and scalar code");
    return 2;
}
