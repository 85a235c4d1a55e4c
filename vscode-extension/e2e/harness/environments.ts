/** Python environments for the tests: made here, without a network. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Code } from "./code.ts";
import { PYTHON } from "./places.ts";

/** Everything of an environment's packages but declml, as links, and a wheel of the declml that is tested. */
const PREPARE = `
import sys, sysconfig
from pathlib import Path
from declml.kernels.wheel import build_wheel
wheels, others = Path(sys.argv[1]), Path(sys.argv[2])
wheels.mkdir(parents=True)
others.mkdir(parents=True)
for place in dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib")):
    for each in Path(place).iterdir():
        if "declml" not in each.name and each.suffix != ".pth" and not (others / each.name).exists():
            (others / each.name).symlink_to(each)
name, data = build_wheel()
(wheels / name).write_bytes(data)
`;
const SITE = "import sysconfig; print(sysconfig.get_path('purelib'))";

/**
 * Make an environment at a path of the workspace that has pip and all that declml needs, but not declml, and let pip
 * find declml's wheel on this machine. Returns its interpreter.
 */
export function environmentWithout(code: Code, name: string): string {
  const [wheels, others] = [join(code.home, "wheels"), join(code.home, "packages")];
  const run = (python: string, words: string[]): string => execFileSync(python, words, { encoding: "utf8" });
  run(PYTHON, ["-c", PREPARE, wheels, others]);
  const folder = join(code.workspace, name);
  // pip comes with the links: an environment's own takes its time, and brings an old setuptools.
  run(PYTHON, ["-m", "venv", "--without-pip", folder]);
  const python = join(folder, "bin", "python");
  writeFileSync(join(run(python, ["-c", SITE]).trim(), "others.pth"), `${others}\n`);
  code.variables = { PIP_NO_INDEX: "1", PIP_FIND_LINKS: wheels };
  return python;
}

/** Make a way of another name to the tested Python, so that it can be told which one was used. */
export function pythonNamed(code: Code, name: string): string {
  const folder = join(code.home, "pythons");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\nexec "${PYTHON}" "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}
