/** Whether the process of a run is still there and is the one that was meant. */
import { readFileSync } from "node:fs";

const CLOCK_SLACK_SECONDS = 5;
const TICKS_A_SECOND = 100;

/**
 * Return whether process `pid` runs on this machine. Numbers of processes are used again: one that was born after
 * `namedAt`, in seconds since 1970, is another one. Where there is no /proc, existing is enough.
 */
export function isAlive(pid: number, namedAt: number | undefined): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false; // EPERM: it exists and belongs to another user
  }
  const { state, born } = inProc(pid);
  if (state === "Z" || state === "X") return false;
  return namedAt === undefined || born === undefined || born <= namedAt + CLOCK_SLACK_SECONDS;
}

function inProc(pid: number): { state?: string; born?: number } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field, the program's name in brackets, may hold spaces and brackets itself.
    const fields = stat
      .slice(stat.lastIndexOf(")") + 1)
      .trim()
      .split(/\s+/);
    const boot = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "latin1"))?.[1];
    const [state, ticks] = [fields[0], fields[19]];
    if (state === undefined || ticks === undefined || boot === undefined) return {};
    return { state, born: Number(boot) + Number(ticks) / TICKS_A_SECOND };
  } catch {
    return {};
  }
}
