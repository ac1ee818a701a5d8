/** Ms of processor that `work` took on all threads of this process: what a core does, whoever else uses the machine. */
export async function cpuMs(work: () => Promise<unknown>): Promise<number[]> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return [(user + system) / 1000];
}
