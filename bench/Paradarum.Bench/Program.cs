using System.CommandLine;
using Paradarum.Bench.Accept;
using Paradarum.Bench.Conformance;
using Paradarum.Bench.DiskStart;
using Paradarum.Bench.FleetSize;
using Paradarum.Bench.Hits;
using Paradarum.Bench.Isolation;
using Paradarum.Bench.NodeBed;
using Paradarum.Bench.Propagate;
using Paradarum.Bench.PurgeUnderLoad;
using Paradarum.Bench.Replicas;

// Benchmarks are run by hand, never as timed tests; what they print is kept in bench/results.
var root = new RootCommand("Benchmarks of Paradarum. Each starts what it measures, over real sockets.")
{
    IsolationCommand.Create(),
    HitsCommand.Create(),
    AcceptCommand.Create(),
    ReplicasCommand.Create(),
    PropagateCommand.Create(),
    FleetCommand.Create(),
    ConformanceCommand.Create(),
    DiskStartCommand.Create(),
    PurgeUnderLoadCommand.Create(),
    EmptyPeer.Create(),
    NodeBedCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
