import { hostname } from 'node:os';
import { join } from 'node:path';

export type Cluster = { directory: string; slots: number; ports: Ports };
type Ports = { controller: number; node: number };

/**
 * What its guide for high throughput advises, where that brings more than the defaults: no accounting, no
 * backfill, no scheduling at each submission. The pauses that the guide would have between two rounds of
 * scheduling are for queues of many thousands; here they would be most of what is measured.
 */
const THROUGHPUT = `
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
MinJobAge=2
PriorityType=priority/basic
SchedulerType=sched/builtin
SchedulerParameters=defer,batch_sched_delay=1,sched_min_interval=100000,default_queue_depth=10000
SlurmctldDebug=error
SlurmdDebug=error
MaxArraySize=10001
MaxJobCount=50000
JobRequeue=0`;

/** A cluster of this machine alone, which believes that it has a processor for each slot. */
export function toSlurmConf({ directory, slots, ports }: Cluster): string {
  const at = (name: string): string => join(directory, name);
  const [host = ''] = hostname().split('.');
  return `
ClusterName=bench
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${ports.controller}
SlurmdPort=${ports.node}
SlurmUser=root
SlurmdUser=root
AuthInfo=socket=${at('munge.socket')}
StateSaveLocation=${at('state')}
SlurmdSpoolDir=${at('spool')}
SlurmctldPidFile=${at('slurmctld.pid')}
SlurmdPidFile=${at('slurmd.pid')}
MailProg=/bin/true
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
NodeName=node NodeHostname=${host} NodeAddr=127.0.0.1 CPUs=${slots} State=UNKNOWN
PartitionName=all Nodes=node Default=YES MaxTime=INFINITE State=UP
${THROUGHPUT}
`;
}
