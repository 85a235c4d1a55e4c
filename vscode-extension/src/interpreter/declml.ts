/** Runs declml's command line in an interpreter. Knows nothing of VS Code. */
import { type ChildProcess, execFile, spawn } from "node:child_process";

const COMPLAINT = 2_000;

/** What a command said: its answer, or, when it failed, its complaint. */
export interface Said {
  failed: boolean;
  said: string;
}

/** Where a command runs. */
export interface CommandPlace {
  python: string;
  folder: string | undefined;
  /** More variables than this process has. */
  environment?: Record<string, string>;
  /** It is ended after so long. */
  patienceMs?: number;
}

/** Run `declml WORDS` to its end. */
export function declml(words: readonly string[], place: CommandPlace): Promise<Said> {
  const options = { ...optionsOf(place), ...(place.patienceMs === undefined ? {} : { timeout: place.patienceMs }) };
  return new Promise((resolve) => {
    execFile(place.python, line(words), options, (error, said, complaint) => {
      resolve({ failed: error !== null, said: error === null ? said : complaint.trim() });
    });
  });
}

/** What is heard of a command while it is at work. */
export interface Hearing {
  /** A line that it printed. */
  line(text: string): void;
  /** It has ended, with the last of its complaints. */
  ended(complaint: string): void;
}

/** Start `declml WORDS`. */
export function followDeclml(words: readonly string[], place: CommandPlace, hearing: Hearing): ChildProcess {
  const child = spawn(place.python, line(words), { ...optionsOf(place), stdio: ["ignore", "pipe", "pipe"] });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (said: string) => {
    complaint = (complaint + said).slice(-COMPLAINT);
  });
  child.on("error", (error) => (complaint = error.message));
  child.on("close", () => hearing.ended(complaint.trim()));
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (said: string) => {
    const lines = (rest + said).split("\n");
    rest = lines.pop() ?? "";
    for (const each of lines) hearing.line(each);
  });
  return child;
}

function line(words: readonly string[]): string[] {
  // -P: a file of the project must not take the place of a module that is needed.
  return ["-P", "-m", "declml.cli.main", ...words];
}

function optionsOf({ folder, environment }: CommandPlace): { cwd?: string; env: NodeJS.ProcessEnv } {
  return { ...(folder === undefined ? {} : { cwd: folder }), env: { ...process.env, ...environment } };
}
